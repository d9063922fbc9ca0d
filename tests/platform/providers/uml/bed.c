// SPDX-License-Identifier: GPL-2.0
/* The bed: registers, DMA, interrupts, and the knobs of the tests */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/irqdomain.h>
#include <linux/logic_iomem.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/slab.h>
#include <linux/version.h>

#include <irq_kern.h>
#include <os.h>

#include "bed.h"

/* Of state that ops may have */
#define STATE_SIZE	8192

/* Bursts in one interrupt of the timer, and the time to the next one */
#define BURSTS		8
#define BREATH_NS	20000

/* An interrupt that is not answered so many times is one that nobody wants. */
#define STORM		1000

static struct bed_model models[] = {
	{ .name = "axidma", .ops = &axidma_ops,
	  .variant = AXIDMA_SG | AXIDMA_BITS(23) },
	{ .name = "axidma-simple", .ops = &axidma_ops,
	  .variant = AXIDMA_BITS(23) },
	{ .name = "axidma-delay", .ops = &axidma_ops,
	  .variant = AXIDMA_SG | AXIDMA_BITS(14) },
	{ .name = "mcdma", .ops = &axidma_ops,
	  .variant = AXIDMA_SG | AXIDMA_MCDMA | AXIDMA_BITS(23) },
	{ .name = "msgdma", .ops = &msgdma_ops },
	{ .name = "msgdma-resp", .ops = &msgdma_ops,
	  .variant = MSGDMA_RESPONSE },
	{ .name = "axidmac", .ops = &axidmac_ops },
	{ .name = "axidmac-sg", .ops = &axidmac_ops, .variant = AXIDMAC_SG },
};

static struct irq_domain *domain;

/* The other end of the line that interrupts us, and the one we pull */
static int line[2];

static struct resource iomem = {
	.name = "fpgabed",
	.start = BED_BASE,
	.end = BED_BASE + ARRAY_SIZE(models) * BED_WINDOW - 1,
	.flags = IORESOURCE_MEM,
};

/*
 * A device sees the RAM of user-mode Linux where the CPU has it, from 0.  NULL
 * if there is none.
 */
static void *memory(u64 addr, u64 size)
{
	if (!size || !pfn_valid(PHYS_PFN(addr)) ||
	    !pfn_valid(PHYS_PFN(addr + size - 1)))
		return NULL;
	return phys_to_virt(addr);
}

/* Of a descriptor in memory */
u32 bed_get32(u64 addr)
{
	u32 *at = memory(addr, 4);

	return at ? READ_ONCE(*at) : 0;
}

void bed_put32(u64 addr, u32 value)
{
	u32 *at = memory(addr, 4);

	if (at)
		WRITE_ONCE(*at, value);
}

/*
 * The stream: 64-bit words that count.  The compiler instruments these writes,
 * so KASAN sees one into memory that is free.
 */
static void write_stream(u8 *to, u64 position, u32 bytes)
{
	u32 i = 0;

	if (IS_ALIGNED(position, 8) && IS_ALIGNED((unsigned long)to, 8))
		for (; i + 8 <= bytes; i += 8)
			*(__le64 *)(to + i) = cpu_to_le64((position + i) / 8);
	for (; i < bytes; i++) {
		u64 at = position + i;

		to[i] = (at / 8) >> (at % 8 * 8);
	}
}

/* How much of it the FPGA has, and the controller has room for */
static u32 burst_size(struct bed_model *m, u32 room, bool *last)
{
	const struct bed_knobs *knobs = &m->knobs;
	u64 bytes = min3((u64)room, (u64)BED_BURST, knobs->feed);
	u64 left;

	*last = false;
	/* One that shall fail must not be over before. */
	if (knobs->fail && bytes == room)
		bytes = round_down(bytes / 2, 8);
	if (knobs->packet) {
		left = knobs->packet - knobs->position % knobs->packet;
		*last = bytes >= left;
		bytes = min(bytes, left);
	}
	return bytes;
}

/**
 * bed_send() - let the FPGA send a burst
 * @m: the model
 * @to: address for the device
 * @room: bytes there, not 0
 *
 * Return: what came; no bytes if the FPGA is silent.
 */
struct bed_burst bed_send(struct bed_model *m, u64 to, u32 room)
{
	struct bed_burst burst = { 0 };
	void *at;

	if (m->knobs.fail && m->bursts) {
		m->knobs.fail = 0;
		burst.failed = true;
		return burst;
	}
	burst.bytes = burst_size(m, room, &burst.last);
	if (!burst.bytes)
		return burst;
	at = memory(to, burst.bytes);
	if (!at) {
		pr_err("fpgabed: WARNING: %s writes to %#llx, where no memory is\n",
		       m->name, to);
		return (struct bed_burst){ .failed = true };
	}
	write_stream(at, m->knobs.position, burst.bytes);
	m->knobs.position += burst.bytes;
	if (m->knobs.feed != U64_MAX)
		m->knobs.feed -= burst.bytes;
	m->bursts++;
	return burst;
}

/* A hardware transfer begins, or ends. */
void bed_begin(struct bed_model *m)
{
	m->bursts = 0;
}

void bed_end(struct bed_model *m)
{
	m->knobs.transfers++;
}

/* Calls the model in so many nanoseconds, or never if it is 0. */
void bed_delay(struct bed_model *m, u64 ns)
{
	if (ns)
		hrtimer_start(&m->delay, ns_to_ktime(ns), HRTIMER_MODE_REL_HARD);
	else
		hrtimer_try_to_cancel(&m->delay);
}

/* The kernel takes the signal when it has interrupts enabled. */
static void pull_line(struct bed_model *m)
{
	char c = 0;

	if (m->irq)
		os_write_file(line[1], &c, 1);
}

/* After whatever may have given it something to do, with the lock */
static void kick(struct bed_model *m)
{
	if (m->knobs.eager)
		while (m->ops->step(m))
			;
	else if (!hrtimer_is_queued(&m->timer))
		hrtimer_start(&m->timer, ns_to_ktime(m->knobs.pace),
			      HRTIMER_MODE_REL_HARD);
	pull_line(m);
}

static enum hrtimer_restart burst_timer(struct hrtimer *timer)
{
	struct bed_model *m = container_of(timer, struct bed_model, timer);
	unsigned int bursts = m->knobs.pace ? 1 : BURSTS;
	unsigned long flags;
	bool work = true;

	spin_lock_irqsave(&m->lock, flags);
	while (work && bursts--)
		work = m->ops->step(m);
	pull_line(m);
	spin_unlock_irqrestore(&m->lock, flags);
	if (!work)
		return HRTIMER_NORESTART;
	/* From now on, so that interrupts come through in between */
	hrtimer_set_expires(timer, ktime_add_ns(ktime_get(), m->knobs.pace ?:
						BREATH_NS));
	return HRTIMER_RESTART;
}

static enum hrtimer_restart delay_timer(struct hrtimer *timer)
{
	struct bed_model *m = container_of(timer, struct bed_model, delay);
	unsigned long flags;

	spin_lock_irqsave(&m->lock, flags);
	m->ops->delay(m);
	pull_line(m);
	spin_unlock_irqrestore(&m->lock, flags);
	return HRTIMER_NORESTART;
}

static bool is_raised(struct bed_model *m)
{
	unsigned long flags;
	bool raised;

	spin_lock_irqsave(&m->lock, flags);
	raised = m->irq;
	spin_unlock_irqrestore(&m->lock, flags);
	return raised;
}

/*
 * A line stays up until the handler has dealt with its reason.  Without a handler
 * it is masked: the next one finds it at its first register write.
 */
static void serve(struct bed_model *m)
{
	unsigned int times = 0, virq = irq_find_mapping(domain, m->line);

	while (virq && irq_has_action(virq) && is_raised(m)) {
		if (generic_handle_domain_irq(domain, m->line) ||
		    ++times == STORM) {
			pr_err("fpgabed: WARNING: nobody answers the interrupt of %s\n",
			       m->name);
			return;
		}
	}
}

static irqreturn_t line_pulled(int irq, void *data)
{
	char pulls[64];
	unsigned int i;

	while (os_read_file(line[0], pulls, sizeof(pulls)) > 0)
		;
	for (i = 0; i < ARRAY_SIZE(models); i++)
		if (models[i].ops)
			serve(&models[i]);
	return IRQ_HANDLED;
}

static unsigned long iomem_read(void *priv, unsigned int offset, int size)
{
	struct bed_model *m = priv;
	unsigned long flags;
	u32 value;

	spin_lock_irqsave(&m->lock, flags);
	value = m->ops->read(m, offset & ~3) >> (offset & 3) * 8;
	spin_unlock_irqrestore(&m->lock, flags);
	return value;
}

static void iomem_write(void *priv, unsigned int offset, int size,
			unsigned long value)
{
	struct bed_model *m = priv;
	unsigned long flags;

	WARN_ON_ONCE(size < 4 || offset & 3);
	spin_lock_irqsave(&m->lock, flags);
	m->ops->write(m, offset, value);
	if (size == 8)
		m->ops->write(m, offset + 4, value >> 32);
	kick(m);
	spin_unlock_irqrestore(&m->lock, flags);
}

static void iomem_copy_to(void *priv, unsigned int offset, const void *buffer,
			  int size)
{
	for (; size >= 4; size -= 4, offset += 4, buffer += 4)
		iomem_write(priv, offset, 4, *(const u32 *)buffer);
}

static const struct logic_iomem_ops iomem_ops = {
	.read = iomem_read,
	.write = iomem_write,
	.copy_to = iomem_copy_to,
};

static long iomem_map(unsigned long offset, size_t size,
		      const struct logic_iomem_ops **ops, void **priv)
{
	*ops = &iomem_ops;
	*priv = &models[offset / BED_WINDOW];
	return offset % BED_WINDOW;
}

static const struct logic_iomem_region_ops region_ops = { .map = iomem_map };

/* The FPGA starts anew; the registers of the controller stay. */
static void reset_knobs(struct bed_model *m)
{
	memset(&m->knobs, 0, sizeof(m->knobs));
}

/* Knobs by number; 0 is "reset", which has no value. */
static u64 *knob_of(struct bed_model *m, unsigned int number)
{
	u64 *knobs[] = {
		NULL, &m->knobs.feed, &m->knobs.packet, &m->knobs.fail,
		&m->knobs.stuck, &m->knobs.eager, &m->knobs.position,
		&m->knobs.transfers, &m->knobs.pace,
	};

	return knobs[number];
}

static const char * const knob_names[] = {
	"reset", "feed", "packet", "fail", "stuck", "eager", "position",
	"transfers", "pace",
};

/* What a file of debugfs has in its inode */
struct knob {
	struct bed_model *m;
	unsigned int number;
};

static int knob_get(void *data, u64 *value)
{
	const struct knob *knob = data;
	struct bed_model *m = knob->m;

	*value = 0;
	spin_lock_irq(&m->lock);
	if (knob->number)
		*value = *knob_of(m, knob->number);
	spin_unlock_irq(&m->lock);
	return 0;
}

static int knob_set(void *data, u64 value)
{
	const struct knob *knob = data;
	struct bed_model *m = knob->m;
	u64 *to;

	spin_lock_irq(&m->lock);
	to = knob_of(m, knob->number);
	if (!to)
		reset_knobs(m);
	else
		*to = value;
	kick(m);
	spin_unlock_irq(&m->lock);
	return 0;
}

DEFINE_DEBUGFS_ATTRIBUTE(knob_ops, knob_get, knob_set, "%llu\n");

static void add_knobs(struct bed_model *m, struct dentry *parent)
{
	struct dentry *dir = debugfs_create_dir(m->name, parent);
	struct knob *knobs;
	unsigned int i;

	knobs = kcalloc(ARRAY_SIZE(knob_names), sizeof(*knobs), GFP_KERNEL);
	if (!knobs)
		return;
	for (i = 0; i < ARRAY_SIZE(knob_names); i++) {
		knobs[i] = (struct knob){ .m = m, .number = i };
		debugfs_create_file_unsafe(knob_names[i], 0600, dir, &knobs[i],
					   &knob_ops);
	}
}

static int domain_map(struct irq_domain *d, unsigned int virq,
		      irq_hw_number_t hwirq)
{
	irq_set_chip_and_handler(virq, &dummy_irq_chip, handle_simple_irq);
	return 0;
}

static const struct irq_domain_ops domain_ops = {
	.map = domain_map,
	.xlate = irq_domain_xlate_onecell,
};

static int __init add_interrupts(void)
{
	struct device_node *np;
	int ret;

	np = of_find_compatible_node(NULL, NULL, "fpgabed,intc");
	if (!np)
		return -ENODEV;
	domain = irq_domain_create_linear(of_fwnode_handle(np),
					  ARRAY_SIZE(models), &domain_ops, NULL);
	of_node_put(np);
	if (!domain)
		return -ENOMEM;
	ret = os_pipe(line, 1, 1);
	if (ret)
		return ret;
	os_set_fd_block(line[0], 0);
	os_set_fd_block(line[1], 0);
	ret = um_request_irq(UM_IRQ_ALLOC, line[0], IRQ_READ, line_pulled, 0,
			     "fpgabed", models);
	return ret < 0 ? ret : 0;
}

/* hrtimer_init() of old kernels is hrtimer_setup() of new ones. */
static void __init setup_timer(struct hrtimer *timer,
			       enum hrtimer_restart (*function)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer->function = function;
#endif
}

static int __init add_model(struct bed_model *m, unsigned int number)
{
	m->line = number;
	m->state = kzalloc(STATE_SIZE, GFP_KERNEL);
	if (!m->state)
		return -ENOMEM;
	spin_lock_init(&m->lock);
	setup_timer(&m->timer, burst_timer);
	setup_timer(&m->delay, delay_timer);
	return 0;
}

/* Before the devices of the device tree are made */
static int __init bed_init(void)
{
	unsigned int i;
	int ret;

	ret = add_interrupts();
	for (i = 0; !ret && i < ARRAY_SIZE(models); i++)
		ret = add_model(&models[i], i);
	return ret ?: logic_iomem_add_region(&iomem, &region_ops);
}
postcore_initcall(bed_init);

static int __init bed_debugfs(void)
{
	struct dentry *dir = debugfs_create_dir("fpgabed", NULL);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(models); i++)
		add_knobs(&models[i], dir);
	return 0;
}
late_initcall(bed_debugfs);
