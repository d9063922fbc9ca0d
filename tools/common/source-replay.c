// SPDX-License-Identifier: GPL-2.0-only
/*
 * The source that was recorded: the samples of a file, with the gaps that its metadata
 * tell
 *
 * They are read into memory of this program.  So what is sent or recorded from there is
 * what was read, even if somebody writes to the file.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/sigmf-read.h"
#include "common/source.h"
#include "lib/source.h"

/**
 * struct place - memory for one capture
 * @addr: the memory
 * @taken: somebody has it
 * @utc_ns: CLOCK_REALTIME of the end of what is in it, or 0: not known
 */
struct place {
	void *addr;
	bool taken;
	int64_t utc_ns;
};

/**
 * struct replay - the recording
 * @source: what every source has
 * @from: what every source of the library has
 * @recording: what its metadata say
 * @fd: the data, which are a file: poll() always finds it readable
 * @size: bytes of the data
 * @at: the next byte
 * @next: the stretch that begins there or behind
 * @places: by slot
 * @captures_wanted: captures to hand out
 * @bytes_wanted: bytes to hand out
 * @counts: what was handed out
 * @stopped: no more is wanted
 */
struct replay {
	struct source source;
	struct fpgabuf_source from;
	struct sigmf_recording recording;
	int fd;
	uint64_t size;
	uint64_t at;
	size_t next;
	struct place *places;
	uint64_t captures_wanted;
	uint64_t bytes_wanted;
	struct fpgabuf_source_counts counts;
	bool stopped;
};

static struct replay *replay_of(const struct fpgabuf_source *from)
{
	return (struct replay *)((char *)from - offsetof(struct replay, from));
}

static void replay_limit(struct fpgabuf_source *from, uint64_t captures,
			 uint64_t bytes)
{
	struct replay *r = replay_of(from);

	r->captures_wanted = captures ? captures : UINT64_MAX;
	r->bytes_wanted = bytes ? bytes : UINT64_MAX;
}

static bool is_over(const struct replay *r)
{
	return r->stopped || r->at >= r->size ||
	       r->counts.captures >= r->captures_wanted ||
	       r->counts.bytes >= r->bytes_wanted;
}

static int free_slot(const struct replay *r)
{
	unsigned int i;

	for (i = 0; i < r->source.slot_count; i++)
		if (!r->places[i].taken)
			return i;
	return -1;
}

/* Up to the next gap, the end, or what was asked for */
static uint64_t bytes_now(const struct replay *r)
{
	const struct sigmf_recording *rec = &r->recording;
	uint64_t end = r->next < rec->count ? rec->stretches[r->next].offset :
					      r->size;
	uint64_t bytes = r->source.region_size;

	if (bytes > end - r->at)
		bytes = end - r->at;
	if (bytes > r->bytes_wanted - r->counts.bytes)
		bytes = r->bytes_wanted - r->counts.bytes;
	return bytes;
}

/* One that is shorter than when it was opened has been cut meanwhile. */
static int read_full(const struct replay *r, void *to, uint64_t bytes)
{
	uint64_t done = 0;
	ssize_t n;

	while (done < bytes) {
		n = pread(r->fd, (char *)to + done, bytes - done, r->at + done);
		if (!n)
			return -ENODATA;
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? n : 0;
	}
	return 0;
}

/* Stretches without samples begin at the same place. */
static bool begins_stretch(struct replay *r)
{
	const struct sigmf_recording *rec = &r->recording;
	bool begins = false;

	while (r->next < rec->count &&
	       rec->stretches[r->next].offset <= r->at) {
		r->next++;
		begins = true;
	}
	return begins;
}

/* As the metadata are written: by what the samples before the end take */
static int64_t utc_of(const struct replay *r, uint64_t end)
{
	const struct sigmf_recording *rec = &r->recording;
	const struct sigmf_stretch *s = &rec->stretches[r->next - 1];
	const double rate = (double)rec->sample_rate * rec->sample_size;
	double ns;

	if (!s->start_ns || !rec->sample_rate)
		return 0;
	ns = (end - s->offset) / rate * NS_PER_SEC;
	/* A sparse file at a low rate may last longer than a time can tell. */
	return ns < INT64_MAX - s->start_ns ? s->start_ns + (int64_t)ns : 0;
}

static int replay_next(struct fpgabuf_source *from,
		       struct fpgabuf_capture *capture)
{
	struct replay *r = replay_of(from);
	const int slot = free_slot(r);
	uint64_t bytes;
	bool gap;
	int err;

	if (is_over(r))
		return -ENODATA;
	if (slot < 0)
		return -EAGAIN;
	gap = begins_stretch(r) && r->at;
	bytes = bytes_now(r);
	err = read_full(r, r->places[slot].addr, bytes);
	if (err)
		return err == -ENODATA ? -EIO : err;
	r->at += bytes;
	r->counts.captures++;
	r->counts.bytes += bytes;
	r->counts.gaps += gap;
	r->counts.taken++;
	r->places[slot].taken = true;
	r->places[slot].utc_ns = utc_of(r, r->at);
	*capture = (struct fpgabuf_capture){
		.addr = r->places[slot].addr,
		.bytes = bytes,
		.sequence = r->counts.captures - 1,
		.timestamp_ns = clock_ns(),
		.status = gap ? FPGABUF_CAPTURE_GAP : 0,
		.slot = slot,
	};
	return 0;
}

static int replay_wait(struct fpgabuf_source *from,
		       struct fpgabuf_capture *capture, int timeout_ms)
{
	(void)timeout_ms;
	return replay_next(from, capture);
}

static int replay_release(struct fpgabuf_source *from, uint32_t slot)
{
	struct replay *r = replay_of(from);

	if (slot >= r->source.slot_count || !r->places[slot].taken)
		return -EINVAL;
	r->places[slot].taken = false;
	r->counts.taken--;
	return 0;
}

static int replay_fill(struct fpgabuf_source *from)
{
	(void)from;
	return 0;
}

static int replay_stop(struct fpgabuf_source *from)
{
	replay_of(from)->stopped = true;
	return 0;
}

static int replay_fd(const struct fpgabuf_source *from)
{
	const struct replay *r = replay_of(from);

	return free_slot(r) < 0 ? -1 : r->fd;
}

static int replay_timeout_ms(struct fpgabuf_source *from)
{
	(void)from;
	return -1;
}

static uint32_t replay_regions(const struct fpgabuf_source *from)
{
	return replay_of(from)->source.slot_count;
}

static struct fpgabuf_region *
replay_region(const struct fpgabuf_source *from, uint32_t slot)
{
	(void)from;
	(void)slot;
	return NULL;
}

static void replay_count(struct fpgabuf_source *from,
			 struct fpgabuf_source_counts *counts)
{
	*counts = replay_of(from)->counts;
}

/* It never waits for anybody but you. */
static enum fpgabuf_reason replay_reason(struct fpgabuf_source *from)
{
	return is_over(replay_of(from)) ? FPGABUF_REASON_END :
					  FPGABUF_REASON_TAKEN;
}

static const char *replay_why(struct fpgabuf_source *from)
{
	return is_over(replay_of(from)) ? "the recording has ended" :
					  "you have all regions";
}

/* It is a part of the other structure. */
static void replay_destroy(struct fpgabuf_source *from)
{
	(void)from;
}

static const struct fpgabuf_source_kind replay_kind = {
	.limit = replay_limit,
	.fill = replay_fill,
	.next = replay_next,
	.wait = replay_wait,
	.release = replay_release,
	.stop = replay_stop,
	.fd = replay_fd,
	.timeout_ms = replay_timeout_ms,
	.regions = replay_regions,
	.region = replay_region,
	.count = replay_count,
	.reason = replay_reason,
	.why = replay_why,
	.destroy = replay_destroy,
};

static int replay_fail(struct source *source, int err)
{
	message("cannot read %s: %s", source->name, strerror(-err));
	return err;
}

/*
 * A program that records locks its file.  So this fails while the file is written, and
 * a recording cannot be replaced by its own replay.
 */
static int lock_data(const struct replay *r)
{
	if (!flock(r->fd, LOCK_SH | LOCK_NB) || errno != EWOULDBLOCK)
		return 0;
	message("cannot replay %s: another program is writing it",
		r->recording.data);
	return -EBUSY;
}

static int open_data(struct replay *r)
{
	const char *name = r->recording.data;
	struct stat st;

	r->fd = open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (r->fd < 0 || fstat(r->fd, &st))
		return replay_fail(&r->source, -errno);
	if (!S_ISREG(st.st_mode)) {
		message("cannot replay %s: it is no file", name);
		return -EINVAL;
	}
	r->size = st.st_size;
	return lock_data(r);
}

/* A gap behind the end says that samples are missing which were there. */
static int check_size(const struct replay *r)
{
	const struct sigmf_recording *rec = &r->recording;

	if (rec->stretches[rec->count - 1].offset <= r->size)
		return 0;
	message("cannot replay %s: it has %" PRIu64 " bytes, and its metadata tell of more",
		rec->data, r->size);
	remedy("was it copied as a whole, with these metadata?");
	return -EBADMSG;
}

/* Whole samples, so that each capture begins with one */
static void set_sizes(struct replay *r, const struct source_setup *o)
{
	const unsigned int sample = r->recording.sample_size;
	uint64_t size = o->region_size ? o->region_size :
					 FPGABUF_RING_REGION_SIZE;

	size -= size % sample;
	r->source.region_size = size ? size : sample;
	r->source.slot_count = o->regions;
	r->source.capacity = o->regions;
}

static int get_memory(struct replay *r)
{
	const uint64_t size = r->source.region_size;
	unsigned int i;

	r->places = calloc(r->source.slot_count, sizeof(*r->places));
	for (i = 0; r->places && i < r->source.slot_count; i++) {
		void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (addr == MAP_FAILED)
			break;
		r->places[i].addr = addr;
	}
	if (r->places && i == r->source.slot_count)
		return 0;
	message("out of memory for %u regions of %" PRIu64 " bytes",
		r->source.slot_count, size);
	remedy("use fewer --regions or a smaller --region-size");
	return -ENOMEM;
}

static int source_replay_open(struct source *source,
			      const struct source_setup *o)
{
	struct replay *r = (struct replay *)source;
	int err;

	r->fd = -1;
	err = o->plain ?
	      sigmf_read_plain(o->replay, o->plain, &r->recording) :
	      sigmf_read(o->replay, &r->recording);
	if (err)
		return err;
	source->name = r->recording.data;
	/* It never is. */
	source->silence = "";
	source->gaps_worth = GAPS_EXACT;
	set_sizes(r, o);
	err = open_data(r);
	if (!err)
		err = check_size(r);
	if (!err)
		err = get_memory(r);
	if (err)
		return err;
	r->from.kind = &replay_kind;
	source->from = &r->from;
	return source_begin(source, 0);
}

static void source_replay_close(struct source *source)
{
	struct replay *r = (struct replay *)source;
	unsigned int i;

	for (i = 0; r->places && i < source->slot_count; i++)
		if (r->places[i].addr)
			munmap(r->places[i].addr, source->region_size);
	free(r->places);
	if (r->fd >= 0)
		close(r->fd);
	sigmf_read_free(&r->recording);
}

static int64_t source_replay_utc_ns(const struct source *source,
				    unsigned int slot)
{
	return ((const struct replay *)source)->places[slot].utc_ns;
}

const struct sigmf_recording *source_recording(const struct source *source)
{
	return source->kind == &source_replay ?
		       &((const struct replay *)source)->recording : NULL;
}

const struct source_kind source_replay = {
	.size = sizeof(struct replay),
	.open = source_replay_open,
	.fail = replay_fail,
	.close = source_replay_close,
	.utc_ns = source_replay_utc_ns,
};
