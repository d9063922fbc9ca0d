// SPDX-License-Identifier: GPL-2.0
/*
 * Counts what becomes of the payload that TCP sends: bytes that packets refer to
 * where they are, and bytes of such packets that were copied after all.
 *
 * For a machine with one processor: the counters are no atomic ones.
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/skbuff.h>

static unsigned long attached;
module_param(attached, ulong, 0644);
MODULE_PARM_DESC(attached, "Bytes that packets refer to");

static unsigned long recopied;
module_param(recopied, ulong, 0644);
MODULE_PARM_DESC(recopied, "Bytes of packets that were copied into new memory");

static int on_attach(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	long bytes = (int)regs_return_value(regs);

	if (bytes > 0)
		attached += bytes;
	return 0;
}

/* MSG_ZEROCOPY and io_uring, then sendfile(), before and since Linux 6.5 */
static struct kretprobe attaching[] = {
	{ .kp.symbol_name = "skb_zerocopy_iter_stream", .handler = on_attach },
	{ .kp.symbol_name = "do_tcp_sendpages", .handler = on_attach },
	{ .kp.symbol_name = "skb_splice_from_iter", .handler = on_attach },
};

static int on_copy(struct kprobe *probe, struct pt_regs *regs)
{
	struct sk_buff *skb = (void *)regs_get_kernel_argument(regs, 0);

	recopied += skb->data_len;
	return 0;
}

/* For packets that have to be in one piece, and for headers */
static int on_pull(struct kprobe *probe, struct pt_regs *regs)
{
	recopied += (int)regs_get_kernel_argument(regs, 1);
	return 0;
}

static struct kprobe copying = {
	.symbol_name = "skb_copy_ubufs", .pre_handler = on_copy,
};

static struct kprobe pulling = {
	.symbol_name = "__pskb_pull_tail", .pre_handler = on_pull,
};

static struct kprobe *copies[] = { &copying, &pulling };

static bool registered[ARRAY_SIZE(attaching)];

static void stop_attaching(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(attaching); i++)
		if (registered[i])
			unregister_kretprobe(&attaching[i]);
}

static int __init copies_init(void)
{
	int i, ret;

	for (i = 0; i < ARRAY_SIZE(attaching); i++) {
		ret = register_kretprobe(&attaching[i]);
		registered[i] = !ret;
		/* Only the first is in every kernel. */
		if (ret && !(i && ret == -ENOENT))
			goto err;
	}
	ret = register_kprobes(copies, ARRAY_SIZE(copies));
	if (ret)
		goto err;
	return 0;

err:
	stop_attaching();
	return ret;
}
module_init(copies_init);

static void __exit copies_exit(void)
{
	unregister_kprobes(copies, ARRAY_SIZE(copies));
	stop_attaching();
}
module_exit(copies_exit);

MODULE_DESCRIPTION("Counts payload that TCP copies, and that it does not");
MODULE_LICENSE("GPL");
