//! The assembler and the disassembler against each other, and the assembler's complaints.

use emu8051::isa::OPCODES;
use emu8051::{assemble, disasm, disassemble};
use proptest::prelude::*;

fn image(bytes: &[u8]) -> [u8; 65536] {
    let mut code = [0xFF; 65536];
    code[..bytes.len()].copy_from_slice(bytes);
    code
}

fn bytes_of(source: &str) -> Vec<u8> {
    let assembly = assemble(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    assembly
        .segments
        .into_iter()
        .flat_map(|(_, bytes)| bytes)
        .collect()
}

/// Every opcode with every first operand survives disassembly and assembly.
#[test]
fn opcodes_survive_disassembly_and_assembly() {
    for opcode in 0..=0xFF_u8 {
        for operand in 0..=0xFF_u8 {
            let code = image(&[opcode, operand, 0x5A]);
            let text = disasm(&code, 0);
            let size = OPCODES[opcode as usize].len as usize;
            assert_eq!(bytes_of(&text), code[..size], "{text}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_survive_disassembly_and_assembly(bytes in prop::collection::vec(any::<u8>(), 1..2000), at: u16) {
        let mut code = image(&[]);
        let last = at.saturating_add(bytes.len() as u16 - 1);
        for (at, byte) in (at..=last).zip(&bytes) {
            code[at as usize] = *byte;
        }
        let listing = disassemble(&code, &[at..=last]).to_string();
        let assembly = assemble(&listing).unwrap_or_else(|error| panic!("{error}\n{listing}"));
        prop_assert_eq!(assembly.segments, vec![(at, code[at as usize..=last as usize].to_vec())]);
    }

    #[test]
    fn any_text_assembles_or_is_refused_with_a_place(source in "[ -~\n]{0,200}") {
        if let Err(error) = assemble(&source) {
            let line = source.lines().nth(error.line - 1).unwrap_or_default();
            prop_assert!((1..=line.chars().count() + 1).contains(&error.column), "{}", error);
        }
    }

    #[test]
    fn words_of_the_language_in_any_order_do_not_panic(
        words in prop::collection::vec(
            prop::sample::select(vec![
                "MOV", "A", ",", "#", "@", "R0", "/", "+", "-", "$", ".", "org", "db", "ds", "equ", "0xFFFF", "7", ":",
                "x", "JB", "AJMP", "\n", "DPTR", "C", "TI", "'a'", "\"ab\"", "PUSH", "4294967295", ".org", ".ds",
            ]),
            0..30,
        )
    ) {
        let _ = assemble(&words.join(" "));
    }
}

/// Directives, numbers and names mean what the manual says.
#[test]
fn directives_mean_what_the_manual_says() {
    let source = "
        .equ    COUNT, 3 + 0x10 - 1b
        .org    0x0010
start:  mov     r0,#COUNT       ; either case
        .db     1, 0Ah, 11b, 'A', \"BC;D\", -1
        .dw     start, $
        .ds     2
        setb    p1.3
        clr     TI
        cpl     0x20.7
        jb      0x07,start
        mov     acc,b
        jmp     @a+dptr
";
    let assembly = assemble(source).expect("the source is right");
    assert_eq!(
        assembly.segments,
        [
            (
                0x10,
                vec![
                    0x78, 18, 1, 10, 3, b'A', b'B', b'C', b';', b'D', 0xFF, 0, 0x10, 0, 0x1B
                ]
            ),
            (
                0x21,
                vec![
                    0xD2, 0x93, 0xC2, 0x99, 0xB2, 0x07, 0x20, 0x07, 0xE6, 0x85, 0xF0, 0xE0, 0x73
                ]
            ),
        ]
    );
    assert_eq!(assembly.symbols["start"], 0x10);
}

#[test]
fn errors_say_where_and_what() {
    let cases = [
        (
            "  MOV A,#256",
            "line 1, column 10: 256 does not fit: a byte is -128 to 255",
        ),
        (
            "NOP\n XYZ A",
            "line 2, column 2: \"XYZ\" is not an instruction or directive",
        ),
        (
            " MOV A,#",
            "line 1, column 9: expected a number or a name, found the end of the line",
        ),
        (
            " MOV A,#nowhere",
            "line 1, column 9: \"nowhere\" is not defined",
        ),
        (
            " MOV R0,R1",
            "line 1, column 2: MOV does not take these operands; its forms are MOV ",
        ),
        ("x: NOP\nx: NOP", "line 2, column 1: \"x\" is taken already"),
        ("ACC: NOP", "line 1, column 1: \"ACC\" is taken already"),
        (
            " SETB 0x30.1",
            "line 1, column 7: the bits of 0x30 have no addresses",
        ),
        (
            " SJMP 0x0100",
            "line 1, column 7: 0x0100 is 254 bytes away; a branch reaches -128 to 127",
        ),
        (
            " AJMP 0x0800",
            "line 1, column 7: 0x0800 is not in the 2 KiB page of the next instruction, 0x0002",
        ),
        (
            " .org 0xFFFF\n LJMP 0",
            "line 2, column 2: CODE ends at 0xFFFF",
        ),
        (
            " NOP\n .org 0\n NOP",
            "line 3, column 2: CODE 0x0000 is assembled twice",
        ),
        (
            " .db 'a",
            "line 1, column 6: the quoted text does not end on this line",
        ),
        (" .db 12x", "line 1, column 6: \"12x\" is not a number"),
        (" NOP !", "line 1, column 6: unexpected character '!'"),
        (
            " NOP 1",
            "line 1, column 2: NOP does not take these operands; its forms are NOP",
        ),
        (
            " .fill 3",
            "line 1, column 2: \".fill\" is not an instruction or directive",
        ),
    ];
    for (source, expected) in cases {
        let error = assemble(source).expect_err(source);
        assert!(
            error.to_string().starts_with(expected),
            "{source:?} said: {error}"
        );
    }
}

#[test]
fn a_listing_has_addresses_bytes_cycles_and_labels() {
    let code = image(&[0x02, 0x00, 0x05, 0xFF, 0xA5, 0x80, 0xFE]);
    assert_eq!(
        disassemble(&code, &[0..=6]).to_string(),
        "        .org 0x0000
        LJMP L_0005                 ; 0000  02 00 05  2 cycles
        MOV R7,A                    ; 0003  FF        1 cycle
        .db 0xA5                    ; 0004  A5        1 cycle
L_0005:
        SJMP L_0005                 ; 0005  80 FE     2 cycles
"
    );
}
