// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the in-use test counts mappings on kernels that do not keep their sum, which
 * is in the driver's compat.h.  Built once for Linux 6.MINOR each, on a folio that
 * is defined here: so other mappings can come and go at any of its reads.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "lib/suite.h"

#define KERNEL_VERSION(a, b, c)	((a) * 65536 + (b) * 256 + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, MINOR, 0)
#define IN_PAGES		(MINOR < 2)	/* is a mapping by PMD */
#define NR_PAGES		512

/* What compat.h takes from the kernel's headers, which are empty here */
typedef struct { int counter; } atomic_t;
typedef unsigned long vm_flags_t;
typedef unsigned int vm_fault_t;

#define VM_FAULT_FALLBACK	1
#define smp_rmb()		do { } while (0)
#define max(a, b)		((a) > (b) ? (a) : (b))
#define container_of(ptr, type, member)	\
	((type *)((char *)(ptr) - offsetof(type, member)))

struct vm_area_struct { vm_flags_t vm_flags; };
struct vm_fault;
struct module;
struct platform_device_id;
struct device_driver { const char *name; };
struct platform_device { struct { struct device_driver *driver; } dev; };

struct platform_driver {
	int (*probe)(struct platform_device *pdev);
	int (*remove)(struct platform_device *pdev);
	void (*shutdown)(struct platform_device *pdev);
	const struct platform_device_id *id_table;
	struct device_driver driver;
};

int __platform_driver_register(struct platform_driver *drv,
			       struct module *owner);
void platform_driver_unregister(struct platform_driver *drv);

struct page {
	atomic_t _mapcount;		/* from -1 on */
};

struct folio {
	struct page pages[NR_PAGES];
	atomic_t entire;		/* from -1 on */
	int refs;
	bool large;
	bool locked;
};

/* What happens at one of the reads of the in-use test */
static struct {
	void (*event)(struct folio *folio);
	struct folio *folio;
	unsigned int reads;
	unsigned int at;
} moment;

static void look(void)
{
	if (moment.reads++ == moment.at && moment.event)
		moment.event(moment.folio);
}

static int atomic_read(const atomic_t *v)
{
	look();
	return v->counter;
}

static int folio_ref_count(const struct folio *folio)
{
	look();
	return folio->refs;
}

static bool folio_test_large(const struct folio *folio)
{
	return folio->large;
}

static long folio_nr_pages(const struct folio *folio)
{
	return folio->large ? NR_PAGES : 1;
}

static struct page *folio_page(struct folio *folio, long i)
{
	return &folio->pages[i];
}

#if IN_PAGES
static int compound_mapcount(struct page *page)
{
	return atomic_read(&container_of(page, struct folio, pages[0])->entire) + 1;
}

static bool folio_trylock(struct folio *folio)
{
	look();
	if (folio->locked)
		return false;
	folio->locked = true;
	return true;
}

static void folio_unlock(struct folio *folio)
{
	folio->locked = false;
}
#else
static int folio_entire_mapcount(const struct folio *folio)
{
	return atomic_read(&folio->entire) + 1;
}
#endif

#include <compat.h>

/* Of many mappings, those that come or go meanwhile */
static int changing;

static void count_pages(struct folio *folio, int first, int by)
{
	int i;

	for (i = first; IN_PAGES && i < NR_PAGES; i++)
		folio->pages[i]._mapcount.counter += by;
}

static void count_pmds(struct folio *folio, int by)
{
	count_pages(folio, 0, by);
	folio->entire.counter += by;
}

/* By page faults, which hold the lock, and took their references earlier */
static void maps_come(struct folio *folio)
{
	if (!folio->locked)
		count_pmds(folio, changing);
}

static void maps_go(struct folio *folio)
{
	count_pmds(folio, -changing);
	folio->refs -= changing;
}

/* Half way: when one goes, its pages are the first that are not counted. */
static void maps_half_gone(struct folio *folio)
{
	count_pages(folio, NR_PAGES / 2, -changing);
}

static void page_unmapped(struct folio *folio)
{
	folio->pages[NR_PAGES - 1]._mapcount.counter--;
	folio->refs--;
}

/*
 * A folio with mappings by PMD, one by a page at either end, references that
 * faults have taken for mappings to come, and those of others
 */
static void folio_make(struct folio *folio, int pmds, int coming, int foreign)
{
	int i;

	*folio = (struct folio){ .large = true, .entire.counter = -1 };
	for (i = 0; i < NR_PAGES; i++)
		folio->pages[i]._mapcount.counter = -1;
	count_pmds(folio, pmds);
	folio->pages[0]._mapcount.counter++;
	folio->pages[NR_PAGES - 1]._mapcount.counter++;
	folio->refs = 1 + pmds + 2 + coming + foreign;
}

/* As fpgabuf_region_usage() does it: references first */
static long in_use(struct folio *folio)
{
	long refs = folio_ref_count(folio);

	return labs(refs - 1 - folio_mapcount(folio));
}

/* Whatever happens at whichever read, somebody holds the folio. */
static void expect_in_use(void (*event)(struct folio *folio), int pmds,
			  int coming, int foreign)
{
	struct folio folio;

	moment.folio = &folio;
	moment.event = event;
	moment.at = 0;
	do {
		folio_make(&folio, pmds, coming, foreign);
		moment.reads = 0;
		CU_ASSERT(in_use(&folio) > 0);
		CU_ASSERT(!folio.locked);
	} while (moment.at++ < moment.reads);
	CU_ASSERT(moment.at > 2);
	moment.event = NULL;
}

/* What would be missing, or too many, if each mapping were counted by its pages */
static const int multiples[] = { 1, 2, NR_PAGES - 1, NR_PAGES, NR_PAGES + 1 };

static void each_multiple(void (*event)(struct folio *folio), bool coming)
{
	size_t i;
	int k;

	for (k = 1; k <= 3; k++) {
		changing = k;
		for (i = 0; i < sizeof(multiples) / sizeof(*multiples); i++)
			expect_in_use(event, coming ? 1 : k, coming ? k : 0,
				      k * multiples[i]);
	}
}

static void test_exact(void)
{
	struct folio folio;
	int pmds, foreign;

	for (pmds = 0; pmds <= 3; pmds++)
		for (foreign = 0; foreign <= 3 * NR_PAGES; foreign++) {
			folio_make(&folio, pmds, 0, foreign);
			CU_ASSERT_EQUAL(folio_mapcount(&folio), pmds + 2);
			CU_ASSERT_EQUAL(in_use(&folio), foreign);
		}
}

static void test_single(void)
{
	struct folio folio = { .pages[0]._mapcount.counter = 2, .refs = 5 };

	CU_ASSERT_EQUAL(folio_mapcount(&folio), 3);
	CU_ASSERT_EQUAL(in_use(&folio), 1);
}

static void test_come(void)
{
	each_multiple(maps_come, true);
}

static void test_go(void)
{
	each_multiple(maps_go, false);
	each_multiple(maps_half_gone, false);
	each_multiple(page_unmapped, false);
}

/* Half way, the pages would look like 256 mappings. */
static void test_locked(void)
{
	struct folio folio;

	folio_make(&folio, 1, 1, NR_PAGES / 2 - 1);
	count_pages(&folio, NR_PAGES / 2, 1);
	folio.locked = true;
	CU_ASSERT(in_use(&folio) > 0);
	CU_ASSERT(folio.locked);
}

static const struct test tests[] = {
	{ "mappings by PMD and by page are counted once, others' references are left",
	  test_exact },
	{ "a single page counts its mappings itself", test_single },
	{ "mappings by PMD that come meanwhile hide no 511 references",
	  test_come },
	{ "mappings that go meanwhile hide none either", test_go },
	{ "a folio that a page fault has locked counts as in use",
	  test_locked },
	{ }
};

#define STRING_OF(minor)	#minor
#define STRING(minor)		STRING_OF(minor)
#define SUITE_OF(minor, ...)	SUITE(mapcount_6_##minor, __VA_ARGS__)
#define SUITE_FOR(minor, ...)	SUITE_OF(minor, __VA_ARGS__)

SUITE_FOR(MINOR,
	.title = "mappings, as Linux 6." STRING(MINOR) " counts them",
	.tests = tests)
