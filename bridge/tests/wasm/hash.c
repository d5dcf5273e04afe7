/* A workload: FNV-1a and an insertion sort over a buffer, with calls, loops, switches and 64-bit arithmetic. */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;

__attribute__((export_name("smart51_main"))) void smart51_main(void);

u8 smart51_buffer[4097];
static u8 sorted[256];

static u64 fnv(const u8 *bytes, u32 count) {
    u64 hash = 0xcbf29ce484222325ull;
    for (u32 i = 0; i < count; i++) hash = (hash ^ bytes[i]) * 0x100000001b3ull;
    return hash;
}

static void sort(u8 *bytes, u32 count) {
    for (u32 i = 1; i < count; i++) {
        u8 value = bytes[i];
        u32 at = i;
        for (; at > 0 && bytes[at - 1] > value; at--) bytes[at] = bytes[at - 1];
        bytes[at] = value;
    }
}

__attribute__((noinline)) static u32 collatz(u32 n) {
    return n <= 1 ? 0 : 1 + collatz(n & 1 ? 3 * n + 1 : n / 2);
}

__attribute__((noinline)) static int step(int kind, int value) {
    switch (kind) {
    case 0: return value + 7;
    case 1: return value * 3;
    case 2: return value ^ 0x55;
    case 3: return value % 11;
    case 4: return value / 3;
    default: return -value;
    }
}

void smart51_main(void) {
    u32 seed = 12345;
    for (u32 i = 0; i < sizeof sorted; i++) {
        seed = seed * 1664525u + 1013904223u;
        sorted[i] = (u8)(seed >> 24);
    }
    int folded = 0;
    for (u32 i = 0; i < sizeof sorted; i++) folded = step(sorted[i] % 6, folded);
    sort(sorted, sizeof sorted);
    u64 hash = fnv(sorted, sizeof sorted) + collatz(27) + (u64)(unsigned)folded;
    for (int i = 0; i < 8; i++) smart51_buffer[i] = (u8)(hash >> (8 * i));
}
