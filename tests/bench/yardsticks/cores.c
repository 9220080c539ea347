/* How far two cores are from each other: nanoseconds that a cache line takes from one to the other
 * when both write it in turn, the least over blocks of turns, so that other work does not count.
 * Threads that train the same rows pay it for each line that the other wrote last. Linux only. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { TURNS = 2000000, BLOCK = 2000 };

static _Alignas(128) atomic_int turn;
static double least = 1e9;

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void play(int core, int first) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    pthread_setaffinity_np(pthread_self(), sizeof one, &one);
    double begin = nanoseconds();
    for (int i = first; i < TURNS; i += 2) {
        if (i && i % BLOCK == 0) { /* of the first core alone, whose numbers are even */
            const double now = nanoseconds();
            if ((now - begin) / BLOCK < least) least = (now - begin) / BLOCK;
            begin = now;
        }
        while (atomic_load_explicit(&turn, memory_order_acquire) != i) {
        }
        atomic_store_explicit(&turn, i + 1, memory_order_release);
    }
}

static void *other(void *unused) {
    play(1, 1);
    return unused;
}

int main(void) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, other, NULL)) return 1;
    play(0, 0);
    pthread_join(thread, NULL);
    printf("%.1f\n", least);
    return 0;
}
