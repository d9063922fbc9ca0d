// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/message.h"
#include "common/notify.h"
#include "share/server.h"

/* After this many messages of a client, the others get their turn. */
#define MESSAGES_AT_A_TIME	64

static void tell_manager(const struct server *s)
{
	notify_status("sharing %s with %u clients", s->options->device,
		      s->ready_count);
}

static void leave(struct server *s, struct client *c)
{
	if (c->state == CLIENT_READY) {
		s->ready_count--;
		tell_manager(s);
	}
	c->state = CLIENT_LEAVING;
}

void serve_end(struct server *server, struct client *client,
	       enum fpgabuf_wire_reason reason)
{
	client_send_end(client->fd, reason);
	leave(server, client);
}

/* A client that is disconnected is not an error, so --quiet hides it. */
static void send_away(struct server *s, struct client *c,
		      enum fpgabuf_wire_reason reason, const char *why)
{
	if (!s->options->quiet)
		inform("%s: %s", c->name, why);
	serve_end(s, c, reason);
}

static void refuse(struct server *s, int fd, const struct ucred *peer,
		   enum fpgabuf_wire_reason reason, const char *why)
{
	char hello[FPGABUF_WIRE_MAX_SIZE];

	s->refused++;
	if (!s->options->quiet)
		inform("process %d of user %u is refused: %s", peer->pid,
		       peer->uid, why);
	/* Closing with unread data would give the client an error first. */
	recv(fd, hello, sizeof(hello), MSG_DONTWAIT);
	client_send_end(fd, reason);
	close(fd);
}

static void add_client(struct server *s, struct client *c)
{
	unsigned int i = 0;

	while (s->clients[i])
		i++;
	s->clients[i] = c;
	s->client_count++;
	if (s->options->verbose)
		inform("%s has connected", c->name);
}

void serve_connection(struct server *server, int fd, const struct ucred *peer)
{
	struct client *c;

	if (!rights_allow(&server->options->rights, fd, peer)) {
		refuse(server, fd, peer, FPGABUF_WIRE_FORBIDDEN,
		       "neither --user nor --group allows it");
		return;
	}
	if (server->client_count >= server->options->clients) {
		refuse(server, fd, peer, FPGABUF_WIRE_FULL,
		       "there are --clients already");
		return;
	}
	c = client_new(fd, peer, server->pool.region_count);
	if (c)
		add_client(server, c);
	else
		refuse(server, fd, peer, FPGABUF_WIRE_FULL, "out of memory");
}

static uint32_t lower(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Credits are regions: all together never more than the clients may have. */
static void give_credits(struct server *s, struct client *c, uint32_t wanted)
{
	uint32_t credits = lower(s->options->credits, s->credits_left);

	if (wanted)
		credits = lower(credits, wanted);
	c->credits = credits;
	s->credits_left -= credits;
}

static int send_welcome(struct server *s, struct client *c)
{
	struct fpgabuf_wire_message message = {
		.type = FPGABUF_WIRE_WELCOME,
		.welcome = {
			.version = FPGABUF_WIRE_VERSION,
			.regions = s->pool.region_count,
			.credits = c->credits,
			.alignment = s->pool.capturing.info.alignment,
			.region_size = s->pool.region_size,
		},
	};

	memcpy(message.welcome.device, s->pool.capturing.info.name,
	       sizeof(message.welcome.device));
	return client_send(c, &message, -1);
}

static void welcome(struct server *s, struct client *c,
		    const struct fpgabuf_wire_hello *hello)
{
	if (hello->oldest > FPGABUF_WIRE_VERSION ||
	    hello->newest < FPGABUF_WIRE_VERSION) {
		s->refused++;
		send_away(s, c, FPGABUF_WIRE_OTHER_VERSION,
			  "speaks other versions of the protocol");
		return;
	}
	give_credits(s, c, hello->credits);
	if (!c->credits) {
		s->refused++;
		send_away(s, c, FPGABUF_WIRE_FULL,
			  "no credit is left for it; use more --regions, or fewer --credits for each");
		return;
	}
	if (send_welcome(s, c)) {
		leave(s, c);
		return;
	}
	c->state = CLIENT_JOINING;
	serve_regions(s, c);
}

static int pass_region(struct server *s, struct client *c)
{
	const struct fpgabuf_wire_message message = {
		.type = FPGABUF_WIRE_REGION,
		.region = {
			.index = c->passed,
			.size = s->pool.region_size,
		},
	};

	return client_send(c, &message,
			   fpgabuf_region_fd(pool_region(&s->pool, c->passed)));
}

static void now_ready(struct server *s, struct client *c)
{
	c->state = CLIENT_READY;
	s->served++;
	s->ready_count++;
	tell_manager(s);
	if (s->ready_count > s->most_clients)
		s->most_clients = s->ready_count;
	if (s->ready_count >= s->options->wait)
		s->started = true;
	if (s->options->verbose)
		inform("%s is served, with %u credits", c->name, c->credits);
}

void serve_regions(struct server *server, struct client *client)
{
	int err = 0;

	while (client->passed < server->pool.region_count) {
		err = pass_region(server, client);
		if (err == -EAGAIN || err == -EINTR)
			return;
		if (err == -ETOOMANYREFS) {
			send_away(server, client, FPGABUF_WIRE_FULL,
				  "too many descriptors are on their way to clients that do not read");
			return;
		}
		if (err) {
			leave(server, client);
			return;
		}
		client->passed++;
	}
	now_ready(server, client);
}

static void take_back(struct server *s, struct client *c, unsigned int index)
{
	c->held[index] = false;
	c->held_count--;
	pool_drop(&s->pool, index);
}

static void handle(struct server *s, struct client *c,
		   const struct fpgabuf_wire_message *m)
{
	if (m->type == FPGABUF_WIRE_HELLO && c->state == CLIENT_NEW) {
		welcome(s, c, &m->hello);
	} else if (m->type == FPGABUF_WIRE_RELEASE &&
		   m->release.index < s->pool.region_count &&
		   c->held[m->release.index]) {
		s->released++;
		take_back(s, c, m->release.index);
	} else {
		s->malformed++;
		send_away(s, c, FPGABUF_WIRE_MALFORMED,
			  "sent a message that does not belong there");
	}
}

void serve_messages(struct server *server, struct client *client)
{
	struct fpgabuf_wire_message message;
	unsigned int i;
	int n;

	for (i = 0; i < MESSAGES_AT_A_TIME; i++) {
		n = client_receive(client, &message);
		if (n <= 0)
			break;
		handle(server, client, &message);
		if (client->state == CLIENT_LEAVING)
			return;
	}
	if (n == -EPROTO) {
		server->malformed++;
		send_away(server, client, FPGABUF_WIRE_MALFORMED,
			  "sent a message that makes no sense");
	} else if (n < 0) {
		leave(server, client);
	}
}

static void tell(struct server *s, struct client *c,
		 struct fpgabuf_wire_message *m)
{
	int err = -EAGAIN;

	if (c->held_count < c->credits) {
		m->capture.missed = c->missed_before;
		err = client_send(c, m, -1);
	}
	if (!err) {
		c->held[m->capture.index] = true;
		c->held_count++;
		c->missed_before = 0;
		c->told++;
		s->told++;
		pool_hold(&s->pool, m->capture.index);
	} else if (err == -EAGAIN || err == -EINTR || err == -ENOBUFS ||
		   err == -ENOMEM) {
		c->missed_before++;
		c->missed++;
		s->missed++;
	} else {
		leave(s, c);
	}
}

static void tell_all(struct server *s, struct fpgabuf_wire_message *m)
{
	unsigned int i;

	for (i = 0; i < s->options->clients; i++) {
		struct client *c = s->clients[i];

		if (c && c->state == CLIENT_READY)
			tell(s, c, m);
	}
}

void serve_capture(struct server *server,
		   const struct fpgabuf_capture *capture)
{
	struct fpgabuf_wire_message message = {
		.type = FPGABUF_WIRE_CAPTURE,
		.capture = {
			.index = capture->slot,
			.flags = capture->status,
			.error = capture->error,
			.bytes = capture->bytes,
			.sequence = pool_sequence(&server->pool,
						  capture->slot),
			.timestamp_ns = capture->timestamp_ns,
		},
	};

	if (capture->bytes)
		tell_all(server, &message);
	pool_drop(&server->pool, capture->slot);
}

static void reap(struct server *s, struct client *c)
{
	unsigned int i;

	for (i = 0; c->held_count && i < s->pool.region_count; i++) {
		if (!c->held[i])
			continue;
		s->reclaimed++;
		take_back(s, c, i);
	}
	s->credits_left += c->credits;
	s->client_count--;
	if (s->options->verbose)
		inform("%s has left; it got %llu captures, and missed %llu",
		       c->name, (unsigned long long)c->told,
		       (unsigned long long)c->missed);
	client_free(c);
}

void serve_reap(struct server *server)
{
	unsigned int i;

	for (i = 0; i < server->options->clients; i++) {
		struct client *c = server->clients[i];

		if (!c || c->state != CLIENT_LEAVING)
			continue;
		server->clients[i] = NULL;
		reap(server, c);
	}
}
