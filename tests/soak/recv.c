// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpgabuf-recv as a service for a long time
 *
 * recv PROGRAM DIRECTORY SECONDS CONNECTIONS
 *
 * The service writes to DIRECTORY, which is a file system of its own: it gets full
 * now and then.  Senders come in rounds, several at a time, and their pieces mix:
 * some are honest, some break off, some are none.  The service is interrupted,
 * killed and started again.  What it has acknowledged must be in its files, and
 * stay there.  FPGABUF_SEED repeats a run as far as chance has made it.
 */
#include <dirent.h>
#include <endian.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fpgabuf/fpgabuf.h>


#define SENDERS		12
#define MAX_CAPTURE	30000
#define MAX_CAPTURES	6
#define STRANGERS	300
#define ROTATE		"65536"

/* How long the service may take for anything, on a machine that is busy */
#define PATIENCE_MS	60000

/* A service that lives on for so long has got all the memory that it needs. */
#define GROWN_UP	300
#define MAX_GROWTH_KB	1024

/* The first bytes of all samples of a sender, which nobody else sends */
struct id {
	uint64_t magic;
	uint64_t number;
};

#define MAGIC	0x6b616f7362616766ULL

enum manner {
	HONEST,		/* asks for a receipt, and waits for it */
	RESET,		/* breaks off */
	GARBAGE,	/* sends what is no frame */
	SHORT,		/* ends in the middle of a capture */
	SILENT,		/* says nothing, and goes */
	MANNERS
};

struct sender {
	enum manner manner;
	uint64_t number;
	int fd;
	uint8_t *bytes;
	size_t len, sent, samples;
	unsigned int captures;
};

/**
 * struct kept - a stream that the service has said to have stored
 * @number: of the sender
 * @samples: bytes
 * @file: its first file, once it has been found
 * @inode: of that
 */
struct kept {
	uint64_t number;
	size_t samples;
	char file[NAME_MAX + 1];
	ino_t inode;
};

static const char *program, *directory;
static struct kept *ledger;
static size_t ledger_len;
static uint64_t last_number;

static pid_t service;
static int service_port, service_fds;
static unsigned int served, starts;
static long grown_kb, max_growth_kb;

/* What happened, for the last lines */
static unsigned int refused, interrupted, killed, filled, failed;

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

__attribute__((format(printf, 1, 2)))
static void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("wrong: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	fflush(stdout);
	failed++;
}

/* All samples of a sender, of which any part can be had */
static void fill_samples(uint8_t *to, uint64_t number, size_t len)
{
	struct id id = { htole64(MAGIC), htole64(number) };
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = mix(number << 20 | i / 8) >> i % 8 * 8;
	memcpy(to, &id, len < sizeof(id) ? len : sizeof(id));
}

/* The service */

static void start_service(void)
{
	char port_file[PATH_MAX], output[PATH_MAX], line[16] = "";
	int fd;

	snprintf(port_file, sizeof(port_file), "%s/../port", directory);
	snprintf(output, sizeof(output), "%s/%%c-%%n.raw", directory);
	unlink(port_file);
	if (mkfifo(port_file, 0600))
		err(EXIT_FAILURE, "%s", port_file);
	service = fork();
	if (!service) {
		/* Below nohup it would be ignored. */
		signal(SIGHUP, SIG_DFL);
		execl(program, program, "--framed", "--connections", "0",
		      "--rotate-size", ROTATE, "--sync", "1", "--quiet",
		      "--output", output, "--port-file", port_file, "0", NULL);
		err(127, "%s", program);
	}
	fd = open(port_file, O_RDONLY);
	if (fd < 0 || read(fd, line, sizeof(line) - 1) <= 0)
		err(EXIT_FAILURE, "the service has not started");
	close(fd);
	service_port = atoi(line);
	served = 0;
	service_fds = 0;
	grown_kb = 0;
	starts++;
}

/* end_service() - returns the exit code, or the signal + 128 */
static int end_service(int sig)
{
	int status;

	kill(service, sig);
	if (waitpid(service, &status, 0) != service)
		err(EXIT_FAILURE, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) :
				   WTERMSIG(status) + 128;
}

static int count_fds(void)
{
	char path[64];
	DIR *dir;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", service);
	dir = opendir(path);
	if (!dir)
		return -1;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static long resident_kb(void)
{
	char path[64], line[256];
	long kb = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", service);
	f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "VmRSS: %ld", &kb) == 1)
			break;
	fclose(f);
	return kb;
}

/*
 * Between rounds it must have what it had after the first one.  It closes what
 * others have closed when it gets to that, of which nobody is told.
 */
static void check_service(void)
{
	const double end = now() + PATIENCE_MS / 1e3;
	long kb;
	int fds;

	if (waitpid(service, NULL, WNOHANG)) {
		wrong("the service has ended by itself");
		start_service();
		return;
	}
	while ((fds = count_fds()) > service_fds && service_fds &&
	       now() < end)
		poll(NULL, 0, 10);
	if (!service_fds)
		service_fds = fds;
	if (fds > service_fds)
		wrong("%d descriptors are open, %d were", fds, service_fds);
	kb = resident_kb();
	if (served < GROWN_UP)
		return;
	if (!grown_kb)
		grown_kb = kb;
	if (kb - grown_kb > max_growth_kb)
		max_growth_kb = kb - grown_kb;
}

/* Senders */

static int connect_service(void)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(service_port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		err(EXIT_FAILURE, "socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	served++;
	return fd;
}

static void add_frame(struct sender *s, struct fpgabuf_frame *frame,
		      const uint8_t *samples)
{
	fpgabuf_frame_encode(frame, s->bytes + s->len);
	s->len += FPGABUF_FRAME_HEADER_SIZE;
	if (samples)
		memcpy(s->bytes + s->len, samples, frame->length);
	s->len += frame->length;
	frame->sequence++;
}

static void make_stream(struct sender *s)
{
	struct fpgabuf_frame frame = { .timestamp_ns = 1 };
	uint8_t samples[MAX_CAPTURE * MAX_CAPTURES];

	s->captures = 1 + below(MAX_CAPTURES);
	s->bytes = malloc(sizeof(samples) + (MAX_CAPTURES + 2) *
			  FPGABUF_FRAME_HEADER_MAX);
	if (!s->bytes)
		err(EXIT_FAILURE, "malloc");
	fill_samples(samples, s->number, sizeof(samples));
	while (frame.sequence < s->captures) {
		frame.length = sizeof(struct id) + below(MAX_CAPTURE -
							 sizeof(struct id));
		add_frame(s, &frame, samples + s->samples);
		s->samples += frame.length;
	}
	frame.length = 0;
	frame.flags = FPGABUF_FRAME_END;
	add_frame(s, &frame, NULL);
	fpgabuf_frame_ask_receipt(s->bytes + s->len - FPGABUF_FRAME_HEADER_SIZE);
	s->len += FPGABUF_FRAME_ASK_SIZE - FPGABUF_FRAME_HEADER_SIZE;
}

static void make_sender(struct sender *s)
{
	/* Half of them are honest. */
	const unsigned int manner = below(2 * MANNERS);

	*s = (struct sender){ .number = ++last_number };
	s->manner = manner < MANNERS ? manner : HONEST;
	make_stream(s);
	if (s->manner == GARBAGE)
		s->bytes[below(4)] ^= 1 + below(255);
	else if (s->manner == SILENT)
		s->len = 0;
	else if (s->manner != HONEST)
		s->len = below(s->len);
	s->fd = connect_service();
	if (s->fd < 0)
		wrong("a sender cannot connect: %m");
}

/* Sends the next piece; false: there is nothing left, or nobody takes it */
static bool send_piece(struct sender *s)
{
	size_t piece = 1 + below(40000);
	ssize_t n;

	if (s->fd < 0 || s->sent == s->len)
		return false;
	if (piece > s->len - s->sent)
		piece = s->len - s->sent;
	n = send(s->fd, s->bytes + s->sent, piece, MSG_NOSIGNAL);
	if (n <= 0)
		return false;
	s->sent += n;
	return true;
}

/* The last word of the service on what an honest sender has sent */
static bool is_stored(struct sender *s)
{
	struct fpgabuf_frame_receipt receipt = { .status = FPGABUF_FRAME_PROMISED };
	uint8_t bytes[FPGABUF_FRAME_RECEIPT_SIZE];

	while (receipt.status == FPGABUF_FRAME_PROMISED) {
		if (recv(s->fd, bytes, sizeof(bytes), MSG_WAITALL) !=
		    sizeof(bytes))
			return false;
		if (fpgabuf_frame_decode_receipt(bytes, &receipt)) {
			wrong("sender %" PRIu64 " got what is no receipt",
			      s->number);
			return false;
		}
	}
	if (receipt.status != FPGABUF_FRAME_STORED)
		return false;
	if (receipt.captures != s->captures || receipt.bytes != s->samples)
		wrong("sender %" PRIu64 " got a receipt for %" PRIu64 " bytes in %"
		      PRIu64 " captures, not for %zu in %u", s->number,
		      receipt.bytes, receipt.captures, s->samples, s->captures);
	return true;
}

static void enter(const struct sender *s)
{
	if (!(ledger_len & (ledger_len - 1))) {
		ledger = realloc(ledger, (2 * ledger_len + 1) *
				 sizeof(*ledger));
		if (!ledger)
			err(EXIT_FAILURE, "realloc");
	}
	ledger[ledger_len++] = (struct kept){
		.number = s->number, .samples = s->samples,
	};
}

/* end_sender() - @calm: nothing has happened for which it may be refused */
static void end_sender(struct sender *s, bool calm)
{
	const struct linger reset = { .l_onoff = 1 };

	if (s->fd >= 0 && s->manner == HONEST) {
		shutdown(s->fd, SHUT_WR);
		if (is_stored(s)) {
			enter(s);
		} else if (calm) {
			wrong("sender %" PRIu64 " got no receipt", s->number);
		} else {
			refused++;
		}
	}
	if (s->manner == RESET)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (s->fd >= 0)
		close(s->fd);
	free(s->bytes);
}

/* The files */

static bool read_whole(const char *name, uint8_t **data, size_t *len,
		       size_t *room)
{
	char path[PATH_MAX];
	struct stat st;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &st))
		err(EXIT_FAILURE, "%s", path);
	if (*len + st.st_size > *room) {
		*room = *len + st.st_size;
		*data = realloc(*data, *room);
		if (!*data)
			err(EXIT_FAILURE, "realloc");
	}
	n = read(fd, *data + *len, st.st_size);
	if (n != st.st_size)
		err(EXIT_FAILURE, "%s", path);
	*len += n;
	close(fd);
	return true;
}

/* All files of one connection, of which @first is the first */
static size_t read_stream(const char *first, uint8_t **data, size_t *room)
{
	char name[NAME_MAX + 1];
	size_t len = 0;
	unsigned int part;
	int stem;

	stem = strcspn(first, "-");
	for (part = 1; ; part++) {
		snprintf(name, sizeof(name), "%.*s-%06u.raw", stem, first,
			 part);
		if (!read_whole(name, data, &len, room))
			return len;
	}
}

static struct kept *find_kept(uint64_t number)
{
	size_t low = 0, high = ledger_len, middle;

	/* A sender that began earlier may have been done later. */
	while (low < high) {
		middle = low + (high - low) / 2;
		if (ledger[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ledger_len && ledger[low].number == number ?
	       &ledger[low] : NULL;
}

static int by_number(const void *a, const void *b)
{
	const struct kept *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void check_kept(struct kept *kept, const char *name, ino_t inode,
		       const uint8_t *data, size_t len)
{
	uint8_t *samples = malloc(kept->samples);

	if (!samples)
		err(EXIT_FAILURE, "malloc");
	fill_samples(samples, kept->number, kept->samples);
	if (len != kept->samples || memcmp(samples, data, len))
		wrong("%s is not what sender %" PRIu64 " has a receipt for (%zu of %zu bytes)",
		      name, kept->number, len, kept->samples);
	free(samples);
	if (*kept->file && (strcmp(kept->file, name) || kept->inode != inode))
		wrong("what was in %s is in %s now", kept->file, name);
	strcpy(kept->file, name);
	kept->inode = inode;
}

static bool is_first(const char *name)
{
	const char *part = strchr(name, '-');

	return part && !strcmp(part, "-000001.raw");
}

/* Looks at all files, old ones again. */
static void check_files(void)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	uint8_t *data = NULL;
	struct kept *kept;
	size_t len, room = 0, found = 0;
	struct id id;

	if (!dir)
		err(EXIT_FAILURE, "%s", directory);
	qsort(ledger, ledger_len, sizeof(*ledger), by_number);
	while ((entry = readdir(dir))) {
		if (!is_first(entry->d_name))
			continue;
		len = read_stream(entry->d_name, &data, &room);
		if (len < sizeof(id))
			continue;
		memcpy(&id, data, sizeof(id));
		if (le64toh(id.magic) != MAGIC)
			wrong("%s has what nobody has sent", entry->d_name);
		kept = find_kept(le64toh(id.number));
		if (!kept)
			continue;
		check_kept(kept, entry->d_name, entry->d_ino, data, len);
		found++;
	}
	closedir(dir);
	free(data);
	if (found != ledger_len)
		wrong("of %zu streams with a receipt %zu are there", ledger_len,
		      found);
}

/* Rounds */

static int fill_disk(char *path, size_t size)
{
	static char block[1 << 20];
	int fd;

	snprintf(path, size, "%s/filler", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		err(EXIT_FAILURE, "%s", path);
	while (write(fd, block, sizeof(block)) > 0)
		;
	return fd;
}

/* The senders of a round, whose pieces mix */
static void round_of(unsigned int n, void (*midway)(void), bool calm)
{
	struct sender senders[SENDERS];
	unsigned int i, open = n, turns = 0;

	for (i = 0; i < n; i++)
		make_sender(&senders[i]);
	while (open) {
		open = 0;
		for (i = 0; i < n; i++)
			open += send_piece(&senders[i]);
		if (++turns == 2 && midway)
			midway();
	}
	for (i = 0; i < n; i++)
		end_sender(&senders[i], calm);
}

static void hang_up(void)
{
	const int code = end_service(SIGHUP);

	if (code != 1 && code != 0)
		wrong("SIGHUP: the service ended with %d", code);
	interrupted++;
	start_service();
}

static void kill_service(void)
{
	end_service(SIGKILL);
	killed++;
	start_service();
}

/* So many that say nothing that nobody else would get in */
static void strangers(void)
{
	int fds[STRANGERS];
	size_t i;

	for (i = 0; i < STRANGERS; i++)
		fds[i] = connect_service();
	round_of(4, NULL, true);
	for (i = 0; i < STRANGERS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

static void full_disk(void)
{
	char path[PATH_MAX];
	int fd = fill_disk(path, sizeof(path));

	round_of(SENDERS, NULL, false);
	close(fd);
	unlink(path);
	filled++;
}

static void one_round(unsigned int number)
{
	if (number % 90 == 89)
		round_of(SENDERS, number % 180 == 89 ? hang_up : kill_service,
			 false);
	else if (number % 40 == 39)
		strangers();
	else if (number % 60 == 59)
		full_disk();
	else
		round_of(1 + below(SENDERS), NULL, true);
	check_service();
}

/* How long there is until the next round is due */
static void pause_until(double due)
{
	const double left = due - now();

	if (left > 0)
		poll(NULL, 0, left * 1e3);
}

static void verdict(bool good, const char *sentence)
{
	printf("%s - %s\n", good ? "ok" : "FAIL", sentence);
	failed += !good;
}

static void check_room(void)
{
	struct statvfs fs;

	if (statvfs(directory, &fs))
		err(EXIT_FAILURE, "%s", directory);
	if (fs.f_bavail * fs.f_frsize < 64 << 20)
		errx(EXIT_FAILURE, "%s is too small for so many connections",
		     directory);
}

int main(int argc, char **argv)
{
	const char *seed = getenv("FPGABUF_SEED");
	unsigned int rounds = 0, number, all;
	double start, seconds, told;

	if (argc != 5)
		errx(2, "usage: recv program directory seconds connections");
	program = argv[1];
	directory = argv[2];
	seconds = atof(argv[3]);
	all = atoi(argv[4]);
	number = seed ? atoi(seed) : time(NULL);
	srandom(number);
	printf("FPGABUF_SEED=%u\n", number);
	signal(SIGPIPE, SIG_IGN);
	start = told = now();
	start_service();
	while (last_number < all && failed < 20) {
		check_room();
		one_round(rounds++);
		if (now() - told > 30) {
			check_files();
			told = now();
			printf("%.0f s: %" PRIu64 " senders, %zu receipts\n",
			       told - start, last_number, ledger_len);
			fflush(stdout);
		}
		pause_until(start + seconds * last_number / all);
	}
	end_service(SIGTERM);
	check_files();
	printf("%" PRIu64 " senders, %zu receipts, %u refused; %u starts: %u after SIGHUP, %u after SIGKILL; %u times the disk was full; %.0f s\n",
	       last_number, ledger_len, refused, starts, interrupted, killed,
	       filled, now() - start);
	printf("memory grew by %ld KiB at most\n", max_growth_kb);
	verdict(!failed, "what was acknowledged is in the files, and stays there");
	verdict(max_growth_kb <= MAX_GROWTH_KB, "the service does not grow");
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
