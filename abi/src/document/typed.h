/* A typed contract says `#define S51_CONTRACT`, the list of what it has, before it includes this header; docs/c.md
 * tells of each entry. From the list come its types, `args`, `result` and `event`, and the function `contract`, which
 * calls the function of an action by the first byte of the input. `smart51 abi extract` makes the contract JSON of it.
 *
 * A field is (TYPE, NAME), or as the last one (string, NAME, MOST) or (bytes, NAME, MOST), of up to MOST bytes, at
 * most 127. An entry has up to 16. */
#ifdef S51_CONTRACT

/* The exit code of an input that is none of the actions. */
#define S51_WRONG_INPUT 2

/* The memory that `args` and `result` lie in. S51_FAST takes less code and time, where there is room. */
#ifndef S51_ARGUMENTS
#define S51_ARGUMENTS S51_XDATA
#endif

/* The types of fields, beside uint8 to uint64 and int8 to int64: NAME_t for the type NAME. They lie in memory as they
 * are passed. */
typedef uint8_t bool_t;
typedef uint8_t regid_t[6];
typedef uint8_t address_t[20];
typedef uint8_t object_t[8];
typedef uint8_t name_t[8];
typedef uint8_t int128_t[16];
typedef uint8_t uint128_t[16];
typedef uint8_t checksum160_t[20];
typedef uint8_t checksum256_t[32];
typedef uint8_t checksum512_t[64];
typedef uint8_t public_key_t[34];
typedef uint8_t signature_t[66];
typedef int64_t time_point_t;
typedef uint32_t time_point_sec_t;
typedef uint8_t symbol_t[8];
typedef uint8_t symbol_code_t[8];
typedef uint8_t asset_t[16];

/* How many fields stand behind the first argument, up to 16; whether there are any; and for each of them
 * do(of, how many are left with it, ...). */
#define SMART51_PICK(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, ...) r
#define SMART51_COUNT(...) SMART51_PICK(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, )
#define SMART51_ANY(...) SMART51_PICK(__VA_ARGS__, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, )
#define SMART51_JOIN2(a, b) a##_##b
#define SMART51_JOIN(a, b) SMART51_JOIN2(a, b)
#define SMART51_OPEN(...) __VA_ARGS__
#define SMART51_EACH_0(do, of)
#define SMART51_EACH_1(do, of, f) do(of, 1, SMART51_OPEN f)
#define SMART51_EACH_2(do, of, f, ...) do(of, 2, SMART51_OPEN f) SMART51_EACH_1(do, of, __VA_ARGS__)
#define SMART51_EACH_3(do, of, f, ...) do(of, 3, SMART51_OPEN f) SMART51_EACH_2(do, of, __VA_ARGS__)
#define SMART51_EACH_4(do, of, f, ...) do(of, 4, SMART51_OPEN f) SMART51_EACH_3(do, of, __VA_ARGS__)
#define SMART51_EACH_5(do, of, f, ...) do(of, 5, SMART51_OPEN f) SMART51_EACH_4(do, of, __VA_ARGS__)
#define SMART51_EACH_6(do, of, f, ...) do(of, 6, SMART51_OPEN f) SMART51_EACH_5(do, of, __VA_ARGS__)
#define SMART51_EACH_7(do, of, f, ...) do(of, 7, SMART51_OPEN f) SMART51_EACH_6(do, of, __VA_ARGS__)
#define SMART51_EACH_8(do, of, f, ...) do(of, 8, SMART51_OPEN f) SMART51_EACH_7(do, of, __VA_ARGS__)
#define SMART51_EACH_9(do, of, f, ...) do(of, 9, SMART51_OPEN f) SMART51_EACH_8(do, of, __VA_ARGS__)
#define SMART51_EACH_10(do, of, f, ...) do(of, 10, SMART51_OPEN f) SMART51_EACH_9(do, of, __VA_ARGS__)
#define SMART51_EACH_11(do, of, f, ...) do(of, 11, SMART51_OPEN f) SMART51_EACH_10(do, of, __VA_ARGS__)
#define SMART51_EACH_12(do, of, f, ...) do(of, 12, SMART51_OPEN f) SMART51_EACH_11(do, of, __VA_ARGS__)
#define SMART51_EACH_13(do, of, f, ...) do(of, 13, SMART51_OPEN f) SMART51_EACH_12(do, of, __VA_ARGS__)
#define SMART51_EACH_14(do, of, f, ...) do(of, 14, SMART51_OPEN f) SMART51_EACH_13(do, of, __VA_ARGS__)
#define SMART51_EACH_15(do, of, f, ...) do(of, 15, SMART51_OPEN f) SMART51_EACH_14(do, of, __VA_ARGS__)
#define SMART51_EACH_16(do, of, f, ...) do(of, 16, SMART51_OPEN f) SMART51_EACH_15(do, of, __VA_ARGS__)
#define SMART51_FIELDS(do, ...) SMART51_JOIN(SMART51_EACH, SMART51_COUNT(__VA_ARGS__))(do, __VA_ARGS__)
#define SMART51_BY_COUNT(do, ...) SMART51_JOIN(do, SMART51_COUNT(__VA_ARGS__))(__VA_ARGS__)

#ifdef S51_ABI
/* What `smart51 abi extract` reads behind the preprocessor. */
#define S51_DOC(...) smart51_entry(doc, __VA_ARGS__)
#define S51_OPTION(...) smart51_entry(option, __VA_ARGS__)
#define S51_ERROR(...) smart51_entry(error, __VA_ARGS__)
#define S51_STRUCT(...) smart51_entry(struct, __VA_ARGS__)
#define S51_TABLE(...) smart51_entry(table, __VA_ARGS__)
#define S51_EVENT(...) smart51_entry(event, __VA_ARGS__)
#define S51_ACTION(...) smart51_entry(action, __VA_ARGS__)
#define S51_PAYABLE(...) smart51_entry(payable, __VA_ARGS__)
#define S51_ANSWERS(...) smart51_entry(answers, __VA_ARGS__)
#define S51_QUERY(...) smart51_entry(query, __VA_ARGS__)
#define S51_TEXT_QUERY(...) smart51_entry(text_query, __VA_ARGS__)
S51_CONTRACT
#else

/* A field as a member, its size as it is passed, and whether its text is too long. */
#define SMART51_TEXT(most)                                       \
    struct S51_PACKED {                                          \
        uint8_t length;                                          \
        uint8_t bytes[(most) > 0 && (most) < 128 ? (most) : -1]; \
    }
#define SMART51_MEMBER(...) SMART51_BY_COUNT(SMART51_MEMBER, __VA_ARGS__)
#define SMART51_MEMBER_3(of, left, type, name) type##_t name;
#define SMART51_MEMBER_4(of, left, type, name, most) SMART51_TEXT(most) name;
#define SMART51_SIZE(...) SMART51_BY_COUNT(SMART51_SIZE, __VA_ARGS__)
#define SMART51_SIZE_3(of, left, type, name) + sizeof args.of.name
#define SMART51_SIZE_4(of, left, type, name, most) + 1 + args.of.name.length
#define SMART51_LONG(...) SMART51_BY_COUNT(SMART51_LONG, __VA_ARGS__)
#define SMART51_LONG_3(of, left, type, name)
#define SMART51_LONG_4(of, left, type, name, most) || args.of.name.length > (most)
/* All fields as one member; where there are none, a byte that nobody uses. */
#define SMART51_MEMBERS(...) SMART51_JOIN(SMART51_MEMBERS, SMART51_ANY(__VA_ARGS__))(__VA_ARGS__)
#define SMART51_MEMBERS_0(name) uint8_t name;
#define SMART51_MEMBERS_1(name, ...) struct S51_PACKED { SMART51_FIELDS(SMART51_MEMBER, name, __VA_ARGS__) } name;

/* The entries mean nothing but where the list is gone through for them. */
#define S51_DOC(...)
#define S51_OPTION(...)
#define S51_ERROR(...)
#define S51_STRUCT(...)
#define S51_TABLE(...)
#define S51_EVENT(...)
#define S51_ACTION(...)
#define S51_PAYABLE(...)
#define S51_ANSWERS(...)
#define S51_QUERY(...)
#define S51_TEXT_QUERY(...)

/* The names of exit codes, and structs. */
#define SMART51_STRUCT(name, ...)                         \
    typedef struct S51_PACKED {                           \
        SMART51_FIELDS(SMART51_MEMBER, name, __VA_ARGS__) \
    } name##_t;
#undef S51_ERROR
#define S51_ERROR(code, name, text) enum { name = (code) };
#undef S51_STRUCT
#define S51_STRUCT(...) SMART51_STRUCT(__VA_ARGS__)
S51_CONTRACT
#undef S51_ERROR
#define S51_ERROR(...)
#undef S51_STRUCT
#define S51_STRUCT(...)

#ifdef S51_PART
#define SMART51_SHARED extern
#else
#define SMART51_SHARED
#endif

/* The arguments of the action that is called: args.ACTION.FIELD. */
SMART51_SHARED struct S51_PACKED {
    uint8_t selector;
    union {
        uint8_t none;
#undef S51_ACTION
#define S51_ACTION(selector, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_PAYABLE
#define S51_PAYABLE(selector, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_QUERY
#define S51_QUERY(selector, type, ...) SMART51_MEMBERS(__VA_ARGS__)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, ...) SMART51_MEMBERS(__VA_ARGS__)
S51_CONTRACT
#undef S51_ACTION
#define S51_ACTION(...)
#undef S51_PAYABLE
#define S51_PAYABLE(...)
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)
    };
} S51_ARGUMENTS args;

/* What an action or a query answers: result.NAME. */
SMART51_SHARED union {
    uint8_t none;
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, name, ...) type##_t name;
#undef S51_QUERY
#define S51_QUERY(selector, type, name, ...) type##_t name;
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, name, ...) SMART51_TEXT(most) name;
S51_CONTRACT
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)
} S51_ARGUMENTS result;

/* The fields of an event, event.EVENT.FIELD, and what tells it: emit_EVENT(). */
SMART51_SHARED union {
    uint8_t none;
#undef S51_EVENT
#define S51_EVENT(topics, ...) SMART51_MEMBERS(__VA_ARGS__)
S51_CONTRACT
#undef S51_EVENT
#define S51_EVENT(...)
} S51_XDATA event;
#define SMART51_EMIT(name, ...) void emit_##name(void);
#undef S51_EVENT
#define S51_EVENT(topics, ...) SMART51_EMIT(__VA_ARGS__)
S51_CONTRACT
#undef S51_EVENT
#define S51_EVENT(...)

#ifndef S51_PART
static s51_event_t S51_XDATA smart51_told;
#undef SMART51_EMIT
static const uint8_t smart51_zeros[32] = {0};
#define SMART51_TOPIC(...) SMART51_TOPIC_OF(__VA_ARGS__, )
#define SMART51_TOPIC_OF(of, left, type, name, ...)                                        \
    if (fields - left < topics) {                                                          \
        s51_copy(smart51_zeros, smart51_told.topic[fields - left], 32);                    \
        s51_copy(&event.of.name, smart51_told.topic[fields - left], sizeof event.of.name); \
        told += sizeof event.of.name;                                                      \
    }
#define SMART51_PART(...) SMART51_BY_COUNT(SMART51_PART, __VA_ARGS__)
#define SMART51_PART_3(of, left, type, name) + sizeof event.of.name
#define SMART51_PART_4(of, left, type, name, most) + 1 + event.of.name.length
#define SMART51_EMIT(count, ...)                                                \
    void SMART51_EMITS(__VA_ARGS__, )(void)                                     \
    {                                                                           \
        static const uint8_t called[32] = SMART51_TEXT_OF(__VA_ARGS__, );       \
        enum { fields = SMART51_COUNT(__VA_ARGS__), topics = (count) };         \
        uint8_t told = 0;                                                       \
        s51_copy(called, smart51_told.name, 32);                                \
        SMART51_FIELDS(SMART51_TOPIC, __VA_ARGS__)                              \
        s51_emit(&smart51_told, 1 + topics, (uint8_t S51_XDATA *)&event + told, \
                 0 SMART51_FIELDS(SMART51_PART, __VA_ARGS__) - told);           \
    }
#define SMART51_EMITS(name, ...) emit_##name
#define SMART51_TEXT_OF(name, ...) #name
#undef S51_EVENT
#define S51_EVENT(...) SMART51_EMIT(__VA_ARGS__)
S51_CONTRACT
#undef S51_EVENT
#define S51_EVENT(...)

#ifndef S51_BY_HAND /* a contract that finds out itself what it is asked for */
/* The functions that the author writes, one for each action. */
#define SMART51_FUNCTION(name, ...) static void name(void);
#undef S51_ACTION
#define S51_ACTION(selector, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_PAYABLE
#define S51_PAYABLE(selector, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_QUERY
#define S51_QUERY(selector, type, ...) SMART51_FUNCTION(__VA_ARGS__)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, ...) SMART51_FUNCTION(__VA_ARGS__)
S51_CONTRACT
#undef S51_ACTION
#define S51_ACTION(...)
#undef S51_PAYABLE
#define S51_PAYABLE(...)
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)

/* Calls the function of an action, if the input is as long as its arguments, and answers. */
#define SMART51_CASE(selector, answer, ...) \
    case selector:                          \
        SMART51_CALL(__VA_ARGS__)           \
        answer(__VA_ARGS__, )               \
        return;
#define SMART51_CALL(...)                                                                                \
    if (length != 1 SMART51_FIELDS(SMART51_SIZE, __VA_ARGS__) SMART51_FIELDS(SMART51_LONG, __VA_ARGS__)) \
        break;                                                                                           \
    SMART51_NAME(__VA_ARGS__, )();
#define SMART51_NAME(name, ...) name
#define SMART51_NO_ANSWER(name, ...)
#define SMART51_ANSWER(name, ...) s51_return_data(&result.name, sizeof result.name);
#define SMART51_ANSWER_TEXT(name, ...) s51_return_data(&result.name, result.name.length + 1u);

void contract(void)
{
    uint16_t length = s51_take_input(&args, sizeof args);
    switch (args.selector) {
#undef S51_ACTION
#define S51_ACTION(selector, ...) SMART51_CASE(selector, SMART51_NO_ANSWER, __VA_ARGS__)
#undef S51_PAYABLE
#define S51_PAYABLE(selector, ...) SMART51_CASE(selector, SMART51_NO_ANSWER, __VA_ARGS__)
#undef S51_ANSWERS
#define S51_ANSWERS(selector, type, ...) SMART51_CASE(selector, SMART51_ANSWER, __VA_ARGS__)
#undef S51_QUERY
#define S51_QUERY(selector, type, ...) SMART51_CASE(selector, SMART51_ANSWER, __VA_ARGS__)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(selector, most, ...) SMART51_CASE(selector, SMART51_ANSWER_TEXT, __VA_ARGS__)
S51_CONTRACT
#undef S51_ACTION
#define S51_ACTION(...)
#undef S51_PAYABLE
#define S51_PAYABLE(...)
#undef S51_ANSWERS
#define S51_ANSWERS(...)
#undef S51_QUERY
#define S51_QUERY(...)
#undef S51_TEXT_QUERY
#define S51_TEXT_QUERY(...)
    }
    s51_exit(S51_WRONG_INPUT);
}
#endif
#endif
#endif
#endif
