/* SPDX-License-Identifier: GPL-2.0 */
/*
 * fpgabuf - tracepoints
 *
 * The inode of its dma-buf identifies a region.  fstat() on the descriptor returns it,
 * and /sys/kernel/debug/dma_buf/bufinfo lists it.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM fpgabuf

#if !defined(FPGABUF_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FPGABUF_TRACE_H

#include <linux/tracepoint.h>

/* The in-tree header, or the one beside an out-of-tree build. */
#include <linux/fpgabuf.h>

/* Structures of any layer: only trace.c reads them. */
struct fpgabuf_capture;
struct fpgabuf_region;
struct fpgabuf_usage;

TRACE_DEFINE_ENUM(FPGABUF_BACKEND_FOLIO);
TRACE_DEFINE_ENUM(FPGABUF_BACKEND_PAGES);
TRACE_DEFINE_ENUM(FPGABUF_BACKEND_CARVEOUT);
TRACE_DEFINE_ENUM(FPGABUF_BACKEND_CMA);
TRACE_DEFINE_ENUM(FPGABUF_BACKEND_SCATTER);

#define show_backend(backend)						\
	__print_symbolic(backend,					\
			 { FPGABUF_BACKEND_FOLIO,	"folio" },	\
			 { FPGABUF_BACKEND_PAGES,	"pages" },	\
			 { FPGABUF_BACKEND_CARVEOUT,	"carveout" },	\
			 { FPGABUF_BACKEND_CMA,		"cma" },	\
			 { FPGABUF_BACKEND_SCATTER,	"scatter" })

#define show_status(status)						\
	__print_flags(status, "|",					\
		      { FPGABUF_CAPTURE_PARTIAL,	"PARTIAL" },	\
		      { FPGABUF_CAPTURE_ERROR,		"ERROR" },	\
		      { FPGABUF_CAPTURE_TIMEOUT,	"TIMEOUT" },	\
		      { FPGABUF_CAPTURE_GAP,		"GAP" })

/* A region has been made. */
TRACE_EVENT(fpgabuf_alloc,
	    TP_PROTO(const struct fpgabuf_region *region),
	    TP_ARGS(region),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u64, ino)
			     __field(u64, size)
			     __field(u32, backend)
			     __field(u32, chunks)),
	    TP_fast_assign(__entry->device = region->account->memory->id;
			   __entry->ino = region->ino;
			   __entry->size = region->pages.size;
			   __entry->backend = region->pages.backend->id;
			   __entry->chunks = region->pages.nr_chunks;),
	    TP_printk("fpgabuf%d ino=%llu size=%llu backend=%s chunks=%u",
		      __entry->device, __entry->ino, __entry->size,
		      show_backend(__entry->backend), __entry->chunks)
);

/* A region goes. */
TRACE_EVENT(fpgabuf_free,
	    TP_PROTO(const struct fpgabuf_region *region),
	    TP_ARGS(region),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u64, ino)
			     __field(u64, size)),
	    TP_fast_assign(__entry->device = region->account->memory->id;
			   __entry->ino = region->ino;
			   __entry->size = region->pages.size;),
	    TP_printk("fpgabuf%d ino=%llu size=%llu",
		      __entry->device, __entry->ino, __entry->size)
);

/* A region has been handed to the channel. */
TRACE_EVENT(fpgabuf_queue,
	    TP_PROTO(const struct fpgabuf_capture *capture),
	    TP_ARGS(capture),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u64, ino)
			     __field(u64, cookie)
			     __field(u32, length)),
	    TP_fast_assign(const struct fpgabuf_region *region =
				capture->target->buffer.region;

			   __entry->device = region->account->memory->id;
			   __entry->ino = region->ino;
			   __entry->cookie = capture->target->cookie;
			   __entry->length = capture->length;),
	    TP_printk("fpgabuf%d ino=%llu cookie=%llu length=%u",
		      __entry->device, __entry->ino, __entry->cookie,
		      __entry->length)
);

/* QUEUE was refused: the pages have foreign references, or a fence is pending. */
TRACE_EVENT(fpgabuf_busy,
	    TP_PROTO(const struct fpgabuf_region *region,
		     const struct fpgabuf_usage *usage, bool fenced),
	    TP_ARGS(region, usage, fenced),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u64, ino)
			     __field(u64, in_use)
			     __field(u64, mappings)
			     __field(bool, fenced)),
	    TP_fast_assign(__entry->device = region->account->memory->id;
			   __entry->ino = region->ino;
			   __entry->in_use = usage->in_use;
			   __entry->mappings = usage->mappings;
			   __entry->fenced = fenced;),
	    TP_printk("fpgabuf%d ino=%llu in_use=%llu mappings=%llu fenced=%d",
		      __entry->device, __entry->ino, __entry->in_use,
		      __entry->mappings, __entry->fenced)
);

/* A capture is finished, and can be dequeued. */
TRACE_EVENT(fpgabuf_done,
	    TP_PROTO(const struct fpgabuf_capture *capture),
	    TP_ARGS(capture),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u64, ino)
			     __field(u64, sequence)
			     __field(u32, bytes)
			     __field(u32, status)
			     __field(int, error)),
	    TP_fast_assign(const struct fpgabuf_region *region =
				capture->target->buffer.region;

			   __entry->device = region->account->memory->id;
			   __entry->ino = region->ino;
			   __entry->sequence = capture->result.sequence;
			   __entry->bytes = capture->result.bytes;
			   __entry->status = capture->result.status;
			   __entry->error = capture->result.error;),
	    TP_printk("fpgabuf%d ino=%llu sequence=%llu bytes=%u status=%s error=%d",
		      __entry->device, __entry->ino, __entry->sequence,
		      __entry->bytes, show_status(__entry->status), __entry->error)
);

/* Caches were maintained, or bounce buffers copied, for the channel. */
TRACE_EVENT(fpgabuf_sync,
	    TP_PROTO(const struct fpgabuf_region *region, size_t bytes,
		     bool for_device),
	    TP_ARGS(region, bytes, for_device),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u64, ino)
			     __field(u64, bytes)
			     __field(bool, for_device)),
	    TP_fast_assign(__entry->device = region->account->memory->id;
			   __entry->ino = region->ino;
			   __entry->bytes = bytes;
			   __entry->for_device = for_device;),
	    TP_printk("fpgabuf%d ino=%llu bytes=%llu for=%s",
		      __entry->device, __entry->ino, __entry->bytes,
		      __entry->for_device ? "device" : "cpu")
);

#endif /* FPGABUF_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
