// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-send --engine rdma to fpgabuf-recv --rdma, by soft-RoCE over the wired pair
 * of NICs: regions that are registered once, and captured into again and again.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod/fpgabuf-test-remap.h"
#include "program.h"

#define PEER	"10.77.0.2:5000"
#define REMAP	"/dev/fpgabuf-test-remap"
#define WIRE	"/sys/class/net/eth1/statistics/rx_bytes"

/* Bytes of a stream, and regions that it goes through */
#define STREAM		(4 * MIB)
#define STREAM_TEXT	"4M"
#define REGION		(64 * KIB)
#define REGION_TEXT	"64K"

/* The file of a stream beside which others end, and how often one does */
#define BESIDE		"/tmp/beside.1"
#define TRIES		20

/* Memory that a receiver locks for a peer: 4 buffers, and 40 when it has sent something */
#define SILENT_KIB	(4 * 64)
#define ALL_KIB		(40 * 64)

static const struct program framed_receiver = {
	.name = "recv",
	.argv = { "fpgabuf-recv", "--rdma", "-t60", "--framed", "--verify", "--json",
		  PEER, NULL },
};

static const struct program framed_sender = {
	.name = "send",
	.argv = { "fpgabuf-send", "--engine", "rdma", "--framed", "--json",
		  "--regions", "2", "--region-size", REGION_TEXT, "--bytes",
		  STREAM_TEXT, PEER, NULL },
};

/* Until somebody ends it */
static const struct program endless_sender = {
	.name = "send",
	.argv = { "fpgabuf-send", "--engine", "rdma", "--framed", "--json",
		  "--regions", "2", "--region-size", REGION_TEXT, PEER, NULL },
};

/* Without frames, and as long as the sender sends */
static const struct program raw_receiver = {
	.name = "recv",
	.argv = { "fpgabuf-recv", "--rdma", "-t60", "--json", PEER, NULL },
};

/* A raw stream has no gaps where all its regions are captured once. */
static const struct program short_receiver = {
	.name = "recv",
	.argv = { "fpgabuf-recv", "--rdma", "-t60", "--verify", "--json",
		  "--bytes", "1M", PEER, NULL },
};

static const struct program short_sender = {
	.name = "send",
	.argv = { "fpgabuf-send", "--engine", "rdma", "--json", "--regions", "4",
		  "--region-size", "256K", "--bytes", "1M", PEER, NULL },
};

static pid_t receiver_start(const struct program *p)
{
	pid_t pid = program_start(p);

	program_wait_for(p, "err", "listening");
	return pid;
}

static void expect_code(const struct program *p, int code, int wanted)
{
	if (code != wanted)
		printf("\n    %s: %s", p->name, program_text(p, "err"));
	EXPECT(code, wanted);
}

static void expect_end(const struct program *p, pid_t pid, int wanted)
{
	expect_code(p, process_exit_code(pid), wanted);
}

static void end_by(pid_t pid, int signal)
{
	int status;

	REQUIRE(kill(pid, signal), 0);
	REQUIRE(waitpid(pid, &status, 0), pid);
}

static void shell(const char *command)
{
	REQUIRE(system(command), 0);
}

static unsigned long wire_bytes(void)
{
	unsigned long bytes = 0;

	REQUIRE(file_read_line(WIRE, "", &bytes), true);
	return bytes;
}

/* Of both directions; busybox has another tc. */
static void lose(const char *percent)
{
	char command[256];

	/* Both at once: one end must not tell the other one what it has found. */
	snprintf(command, sizeof(command),
		 "for nic in eth0 eth1; do echo qdisc change dev $nic root netem loss %s; done | /usr/local/sbin/tc -batch -",
		 percent);
	shell(command);
}

/* The kernel finds its neighbour again. */
static void lose_nothing(void)
{
	lose("0%");
	shell("for i in $(seq 60); do ping -c 1 -W 1 10.77.0.2 >/dev/null && exit; done; exit 1");
}

/* How many packets the way to the receiver has lost */
static long lost(void)
{
	FILE *f = popen("/usr/local/sbin/tc -s qdisc show dev eth0", "re");
	const char *at;
	char text[1024];
	size_t n;

	REQUIRE(!f, false);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = 0;
	pclose(f);
	at = strstr(text, "dropped ");
	return at ? strtol(at + strlen("dropped "), NULL, 10) : 0;
}

static void expect_whole(uint64_t bytes)
{
	EXPECT(program_count(&framed_receiver, "bytes"), bytes);
	EXPECT(program_count(&framed_receiver, "captures"), bytes / REGION);
	EXPECT(program_count(&framed_receiver, "skipped_captures"), 0);
	EXPECT(strncmp(json_at(program_text(&framed_receiver, "out"),
			       "complete"), "true", 4), 0);
}

/* No region is refused because it is pinned, and nothing is copied. */
static void expect_registered(void)
{
	EXPECT(program_count(&framed_sender, "regions"), 2);
	EXPECT(program_count(&framed_sender, "busy_retries"), 0);
	EXPECT(program_count(&framed_sender, "registered_sends"),
	       program_count(&framed_sender, "sends"));
	EXPECT(program_count(&framed_sender, "completions"),
	       program_count(&framed_sender, "sends"));
	EXPECT(program_count(&framed_sender, "copied"), 0);
	EXPECT(strncmp(json_at(program_text(&framed_sender, "out"),
			       "acknowledged"), "\"receiver\"", 10), 0);
}

/* 1 GiB if there is time for it: each region is captured into 8192 times. */
static void arrives_framed(void)
{
	const uint64_t bytes = thorough() ? 1024 * MIB :
			       hurried() ? STREAM : 64 * MIB;
	unsigned long wire = wire_bytes();
	struct program send = framed_sender;
	char text[24];
	pid_t receiver;

	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	for (int i = 0; send.argv[i]; i++)
		if (!strcmp(send.argv[i], STREAM_TEXT))
			send.argv[i] = text;
	sim_source("pattern");
	receiver = receiver_start(&framed_receiver);
	expect_code(&send, program_run(&send), 0);
	expect_end(&framed_receiver, receiver, 0);
	expect_whole(bytes);
	expect_registered();
	CU_ASSERT(wire_bytes() - wire > bytes);
}

static void arrives_raw(void)
{
	pid_t receiver;

	sim_source("pattern");
	receiver = receiver_start(&short_receiver);
	expect_code(&short_sender, program_run(&short_sender), 0);
	expect_end(&short_receiver, receiver, 0);
	EXPECT(program_count(&short_receiver, "bytes"), MIB);
}

/* Two connections to the same receiver, which serves both at once */
static void two_peers(void)
{
	const struct program receive = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--rdma", "-t60", "--framed",
			  "--verify", "--json", "--connections", "2", PEER,
			  NULL },
	}, send = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--framed",
			  "--json", "--regions", "2", "--region-size",
			  REGION_TEXT, "--bytes", STREAM_TEXT, PEER, PEER,
			  NULL },
	};
	pid_t receiver;

	sim_source("pattern");
	receiver = receiver_start(&receive);
	expect_code(&send, program_run(&send), 0);
	expect_end(&receive, receiver, 0);
	EXPECT(program_count(&send, "bytes") > 2 * STREAM, true);
	EXPECT(program_count(&send, "busy_retries"), 0);
}

/* What a program has locked for devices */
static unsigned long pinned_kib(pid_t pid)
{
	unsigned long kib = 0;
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	REQUIRE(file_read_line(path, "VmPin:", &kib), true);
	return kib;
}

static void wait_pinned(pid_t pid)
{
	int i;

	for (i = 0; i < 6000 && !pinned_kib(pid); i++)
		usleep(10000);
}

/* All regions are with the sender, and stay there. */
static void wait_stalled(int dev)
{
	uint64_t captures = 0;
	int i, calm = 0;

	for (i = 0; i < 6000 && calm < 100; i++) {
		struct fpgabuf_info info = device_info(dev);

		calm = info.queued || info.captures != captures ? 0 : calm + 1;
		captures = info.captures;
		usleep(10000);
	}
	EXPECT(calm, 100);
}

/*
 * What the receiver has no buffers for waits at the sender, in its regions.  If one of
 * these were captured into, the pattern would be wrong.
 */
static void held_until_completion(void)
{
	int dev = device_open(0);
	const struct program info = {
		.name = "info",
		.argv = { "fpgabuf-info", "--json", NULL },
	};
	uint64_t captures;
	pid_t receiver, sender;

	sim_source("pattern");
	receiver = receiver_start(&framed_receiver);
	captures = device_info(dev).captures;
	sender = program_start(&endless_sender);
	wait_for_captures(dev, captures + 8);
	REQUIRE(kill(receiver, SIGSTOP), 0);
	wait_stalled(dev);
	EXPECT(program_run(&info), 0);
	CU_ASSERT(program_count(&info, "standing") > 0);
	EXPECT(pinned_kib(receiver), ALL_KIB);
	captures = device_info(dev).captures;
	REQUIRE(kill(receiver, SIGCONT), 0);
	wait_for_captures(dev, captures + 8);
	REQUIRE(kill(sender, SIGTERM), 0);
	expect_end(&endless_sender, sender, 0);
	expect_end(&framed_receiver, receiver, 0);
	EXPECT(program_count(&endless_sender, "busy_retries"), 0);
	close(dev);
}

/* The peer has connected, and has nothing to send for the time being. */
static void silent_peer(void)
{
	pid_t receiver, sender;

	sim_source("feed");
	receiver = receiver_start(&short_receiver);
	sender = program_start(&short_sender);
	wait_pinned(receiver);
	EXPECT(pinned_kib(receiver), SILENT_KIB);
	sim_source("pattern");
	expect_end(&short_sender, sender, 0);
	expect_end(&short_receiver, receiver, 0);
	EXPECT(program_count(&short_receiver, "bytes"), MIB);
}

/* Another region of the stream */
static void feed_region(int feed, uint64_t fed)
{
	static uint8_t data[REGION];

	pattern_fill(data, sizeof(data), fed);
	REQUIRE(write(feed, data, sizeof(data)), sizeof(data));
}

static void wait_written(const char *file, off_t size)
{
	struct stat st = { 0 };
	int i;

	for (i = 0; i < 6000 && (stat(file, &st) || st.st_size < size); i++)
		usleep(10000);
	EXPECT(st.st_size, size);
}

/*
 * A peer ends its stream, and does not take the end of the other side.  Until the
 * receiver gives up on it, it has its memory.  Is that so when the next bytes of
 * another stream have been written?
 */
static bool served_beside(const struct program *receive, pid_t receiver,
			  unsigned int number, int feed)
{
	const struct program deaf = {
		.name = "deaf",
		.argv = { "rdma-deaf", "10.77.0.2", "5000", NULL },
	};
	pid_t pid = program_start(&deaf);
	unsigned long pinned;
	char ended[32];

	snprintf(ended, sizeof(ended), "\"connection\": %u,", number);
	program_wait_for(receive, "out", ended);
	feed_region(feed, (number - 1) * REGION);
	wait_written(BESIDE, number * REGION);
	pinned = pinned_kib(receiver);
	end_by(pid, SIGKILL);
	return pinned == 2 * ALL_KIB;
}

/*
 * It gives up after two seconds, which a busy host may have passed by.  If it waited
 * for such a peer, the answer would be no however often this is tried.
 */
static void leaving_peer(void)
{
	const struct program receive = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--rdma", "--json", "--connections",
			  "0", "--output", "/tmp/beside.%c", PEER, NULL },
	}, send = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--json",
			  "--regions", "2", "--region-size", REGION_TEXT, PEER,
			  NULL },
	};
	pid_t receiver, sender;
	unsigned int number;
	int feed;

	shell("rm -f /tmp/beside.*");
	sim_source("feed");
	feed = feed_open(O_WRONLY);
	receiver = receiver_start(&receive);
	sender = program_start(&send);
	feed_region(feed, 0);
	wait_written(BESIDE, REGION);
	for (number = 2; number <= TRIES; number++)
		if (served_beside(&receive, receiver, number, feed))
			break;
	CU_ASSERT(number <= TRIES);
	REQUIRE(kill(sender, SIGTERM), 0);
	expect_end(&send, sender, 0);
	REQUIRE(kill(receiver, SIGTERM), 0);
	expect_end(&receive, receiver, 0);
	close(feed);
}

static void survives_loss(void)
{
	pid_t receiver;

	sim_source("pattern");
	receiver = receiver_start(&framed_receiver);
	lose("1%");
	expect_code(&framed_sender, program_run(&framed_sender), 0);
	expect_end(&framed_receiver, receiver, 0);
	CU_ASSERT(lost() > 0);
	lose_nothing();
	expect_whole(STREAM);
	expect_registered();
}

static void receiver_killed(void)
{
	int dev = device_open(0);
	uint64_t captures = device_info(dev).captures;
	pid_t receiver, sender;

	sim_source("pattern");
	receiver = receiver_start(&framed_receiver);
	sender = program_start(&endless_sender);
	wait_for_captures(dev, captures + 8);
	end_by(receiver, SIGKILL);
	expect_end(&endless_sender, sender, 1);
	program_says(&endless_sender, "the receiver closed the connection");
	EXPECT(device_info(dev).used_bytes, 0);
	close(dev);
}

static void kill_sender_of(const struct program *receive)
{
	int dev = device_open(0);
	uint64_t captures = device_info(dev).captures;
	pid_t receiver, sender;

	sim_source("pattern");
	receiver = receiver_start(receive);
	sender = program_start(&endless_sender);
	wait_for_captures(dev, captures + 8);
	end_by(sender, SIGKILL);
	expect_end(receive, receiver, 1);
	program_says(receive, "the stream broke off");
	close(dev);
}

static void sender_killed(void)
{
	kill_sender_of(&framed_receiver);
	kill_sender_of(&raw_receiver);
}

/* The driver of the FPGA stops a stream: it must not look complete. */
static void failure_is_no_end(void)
{
	const struct program send = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--json",
			  "--regions", "2", "--region-size", REGION_TEXT,
			  "--bytes", "1G", PEER, NULL },
	};
	int dev = device_open(0);
	uint64_t captures = device_info(dev).captures;
	pid_t receiver, sender;

	sim_source("pattern");
	receiver = receiver_start(&raw_receiver);
	sender = program_start(&send);
	wait_for_captures(dev, captures + 8);
	REQUIRE(kill(sender, SIGTERM), 0);
	expect_end(&send, sender, 1);
	program_says(&send, "ended after");
	expect_end(&raw_receiver, receiver, 1);
	program_says(&raw_receiver, "the stream broke off");
	close(dev);
}

static void connects_again(void)
{
	const struct program send = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--framed",
			  "--json", "--regions", "2", "--region-size",
			  REGION_TEXT, "--reconnect", "1000", PEER, NULL },
	};
	int dev = device_open(0);
	pid_t receiver, sender;
	uint64_t captures;

	/* It is registered before there is a receiver. */
	sim_source("pattern");
	captures = device_info(dev).captures;
	sender = program_start(&send);
	program_wait_for(&send, "err", "connecting again");
	receiver = receiver_start(&framed_receiver);
	wait_for_captures(dev, captures + 8);
	end_by(receiver, SIGKILL);
	receiver = receiver_start(&framed_receiver);
	captures = device_info(dev).captures;
	wait_for_captures(dev, captures + 16);
	REQUIRE(kill(sender, SIGTERM), 0);
	expect_end(&send, sender, 0);
	expect_end(&framed_receiver, receiver, 0);
	EXPECT(program_count(&send, "reconnects"), 1);
	EXPECT(program_count(&send, "busy_retries"), 0);
	CU_ASSERT(program_count(&framed_receiver, "first_sequence") > 0);
	close(dev);
}

/* Neither side hears of it: the device of one, the probes of the other find out. */
static void wire_cut(void)
{
	const struct program receive = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--rdma", "-t60", "--framed", "--json",
			  "--keepalive", "1", PEER, NULL },
	};
	int dev = device_open(0);
	uint64_t captures = device_info(dev).captures;
	pid_t receiver, sender;

	sim_source("pattern");
	receiver = receiver_start(&receive);
	sender = program_start(&endless_sender);
	wait_for_captures(dev, captures + 8);
	lose("100%");
	expect_end(&endless_sender, sender, 1);
	program_says(&endless_sender, "No route to host");
	program_says(&endless_sender, "the receiver no longer answers");
	expect_end(&receive, receiver, 1);
	program_says(&receive, "the stream broke off");
	lose_nothing();
	EXPECT(device_info(dev).used_bytes, 0);
	close(dev);
}

static void expect_refused(const struct program *p, int code, const char *why)
{
	expect_code(p, program_run(p), code);
	program_says(p, why);
}

static void bad_addresses(void)
{
	const struct program nobody = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--bytes", "4K",
			  "10.77.0.2:5001", NULL },
	}, elsewhere = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--bytes", "4K",
			  "127.0.0.1:5000", NULL },
	}, not_ours = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--rdma", "-t60", "10.77.0.3:5000", NULL },
	}, port_alone = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--rdma", "-t60", "5000", NULL },
	};

	sim_source("pattern");
	expect_refused(&nobody, 1, "Connection refused");
	program_says(&nobody, "it must be an fpgabuf-recv --rdma");
	expect_refused(&elsewhere, 1, "no RDMA device of this machine leads there");
	expect_refused(&not_ours, 1, "no RDMA device has this address");
	expect_refused(&port_alone, 2, "--rdma needs an address");
}

static void send_fd(int fd, int code, const char *why)
{
	char number[16];
	const struct program send = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--fd", number,
			  PEER, NULL },
	};

	snprintf(number, sizeof(number), "%d", fd);
	REQUIRE(fcntl(fd, F_SETFD, 0), 0);
	if (code)
		expect_refused(&send, code, why);
	else
		expect_code(&send, program_run(&send), 0);
	close(fd);
}

/* What the seeds of this project had: mapped by remap_pfn_range() */
static int remap_dmabuf(void)
{
	int remap = open(REMAP, O_RDWR | O_CLOEXEC), fd;

	REQUIRE(remap < 0 ? -errno : 0, 0);
	fd = ioctl(remap, REMAP_DMABUF);
	REQUIRE(fd < 0 ? -errno : 0, 0);
	close(remap);
	return fd;
}

/* The CPU can read it, and no device can have it. */
static void no_pages(void)
{
	int fd = remap_dmabuf();
	void *mem = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 0);
	int pipes[2];

	REQUIRE(mem == MAP_FAILED ? -errno : 0, 0);
	REQUIRE(pipe2(pipes, O_CLOEXEC), 0);
	EXPECT(write(pipes[1], mem, 4096), 4096);
	close(pipes[0]);
	close(pipes[1]);
	munmap(mem, REGION);
	send_fd(fd, 1, "this memory has no pages that can be pinned");
}

/* Memory of CMA is always so; pinning that would never end. */
static void read_only(void)
{
	int dev = device_open(0);
	struct fpgabuf_alloc alloc = {
		.size = REGION,
		.fd_flags = O_RDONLY | O_CLOEXEC,
	};

	REQUIRE(call(dev, FPGABUF_IOC_ALLOC, &alloc), 0);
	send_fd(alloc.fd, 1, "RDMA needs a dma-buf that may be written to");
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void captured_by_others(void)
{
	const struct program receive = {
		.name = "recv",
		.argv = { "fpgabuf-recv", "--rdma", "-t60", "--verify", "--json",
			  "--bytes", "64K", PEER, NULL },
	};
	int dev = device_open(0), fd = region_alloc(dev, REGION);
	pid_t receiver;

	sim_source("pattern");
	EXPECT(capture_run(dev, fd, 0).bytes, REGION);
	receiver = receiver_start(&receive);
	send_fd(fd, 0, NULL);
	expect_end(&receive, receiver, 0);
	EXPECT(device_used(dev), 0);
	close(dev);
}

static void no_device(void)
{
	const struct program send = {
		.name = "send",
		.argv = { "fpgabuf-send", "--engine", "rdma", "--bytes", "4K",
			  PEER, NULL },
	};

	shell("rdma link delete rxe0 && rdma link delete rxe1");
	expect_refused(&send, 1, "this machine has no RDMA device");
	shell("rdma link add rxe0 type rxe netdev eth0 && rdma link add rxe1 type rxe netdev eth1");
}

static const char *lacks(void)
{
	return system("fpgabuf-recv --help | grep -q rdma") ||
		       access("/bin/rdma-wire", X_OK) ?
		       "it was not booted for it" : NULL;
}

static int wire(void)
{
	return system("rdma-wire") ? -1 : modules_load();
}

/* Documentation/gallery.rst, with the simulated FPGA */
static void project(void)
{
	const struct program script = {
		.name = "project",
		.argv = { "env", "SIMULATED=1", "BYTES=8M", "PEER=" PEER, "sh",
			  "/gallery/xdma-rdma.sh", NULL },
	};
	pid_t receiver;

	sim_source("pattern");
	receiver = receiver_start(&framed_receiver);
	program_succeeded(&script, program_run(&script));
	expect_end(&framed_receiver, receiver, 0);
	EXPECT(program_count(&framed_receiver, "bytes"), 8 * MIB);
	EXPECT(program_count(&framed_receiver, "skipped_captures"), 0);
}

static const struct test tests[] = {
	{ "a framed stream arrives whole, from two regions that are captured into again and again",
	  arrives_framed },
	{ "a raw stream arrives whole", arrives_raw },
	{ "two peers get it from the same registered memory", two_peers },
	{ "no region is captured into before its SEND has completed",
	  held_until_completion },
	{ "a peer that is silent takes little memory, and gets more when it sends",
	  silent_peer },
	{ "a peer that does not take the end of its connection delays no other",
	  leaving_peer },
	{ "a wire that loses packets delays a stream, and changes nothing",
	  survives_loss },
	{ "a receiver that is killed ends the sender, which says so",
	  receiver_killed },
	{ "a stream whose sender is killed does not look complete",
	  sender_killed },
	{ "a stream that ends too early does not look complete",
	  failure_is_no_end },
	{ "a sender connects again, with the same registered memory",
	  connects_again },
	{ "when the wire is cut both sides find out", wire_cut },
	{ "addresses that cannot be are refused with the reason",
	  bad_addresses },
	{ "memory that a driver has mapped by remap_pfn_range() is refused",
	  no_pages },
	{ "memory that cannot be written to is refused", read_only },
	{ "a region that another program has captured into is sent once",
	  captured_by_others },
	{ "a machine without an RDMA device is told so", no_device },
	{ "the project with RDMA of the gallery delivers every byte", project },
	{ }
};

SUITE(rdma,
	.alone = true,
	.title = "streams by RDMA",
	.lacks = lacks,
	.init = wire,
	.tests = tests)
