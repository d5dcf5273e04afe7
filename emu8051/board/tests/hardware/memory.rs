//! Memories, registers, and what a chip has and has not.

use crate::common::{board, build, config, finish};
use board::chips::Chip;
use board::{Board, BoardConfig, BoardError, BoardStop, Wiring};
use emu8051::{CpuFault, Cycles, sfr};

/// Registers a chip has not, read zero and are reported once.
#[test]
fn registers_a_chip_lacks_read_zero_and_are_reported() {
    let source = "mov T2CON,#4\n mov A,T2CON\n mov 0xF9,#1\n mov B,0xF9\n sjmp $";
    let mut board = board("8051", source);
    board.run(Cycles(100));
    assert_eq!((board.cpu().a(), board.cpu().b()), (0, 0));
    assert_eq!(
        board.unknown_sfrs().collect::<Vec<_>>(),
        [(sfr::T2CON, Cycles(1)), (0xF9, Cycles(4))]
    );
}

#[test]
fn iram_above_0x7f_of_a_128_byte_chip_behaves_as_ram() {
    for chip in ["8051", "8052"] {
        let (board, _) = finish(
            &config(chip),
            "mov R0,#0xC0
            mov @R0,#0x5A
            mov SP,#0x8F
            push 0x00
            mov A,@R0
            done: sjmp $",
        );
        assert_eq!(board.cpu().a(), 0x5A, "{chip}");
        assert_eq!(board.cpu().iram(0x90), 0xC0, "{chip}");
        assert_eq!(board.sfr(sfr::P1), 0xFF, "{chip}: the stack is no SFR");
    }
}

#[test]
fn an_image_beyond_the_rom_needs_external_code() {
    let config = BoardConfig {
        external_code: false,
        ..config("8051")
    };
    let error =
        Board::new(&config, [(0x0FFF, [0_u8, 0].as_slice())]).expect_err("one byte too long");
    assert_eq!(
        error,
        BoardError::BeyondRom {
            chip: "8051".into(),
            rom_bytes: 4096,
            address: 0x1000
        }
    );
    assert!(Board::new(&config, [(0x0FFF, [0_u8].as_slice())]).is_ok());
}

#[test]
fn xdata_beyond_the_ram_reads_ff_and_keeps_nothing() {
    let config = BoardConfig {
        wiring: Wiring::Harvard { xdata_bytes: 0x800 },
        ..config("8051")
    };
    let source = |at: u16| {
        format!("mov DPTR,#{at}\n mov A,#0x12\n movx @DPTR,A\n clr A\n movx A,@DPTR\n sjmp $")
    };
    for (at, value) in [(0x7FF, 0x12), (0x800, 0xFF)] {
        let mut board = build(&config, &source(at));
        board.run(Cycles(100));
        assert_eq!(board.cpu().a(), value);
    }
}

#[test]
fn in_von_neumann_wiring_a_program_can_write_itself() {
    let config = BoardConfig {
        wiring: Wiring::VonNeumann,
        ..config("8052")
    };
    // Puts INC A and RET at 0x4000 and calls it, then makes the INC a DEC and calls it again.
    let source = "mov DPTR,#0x4000
        mov A,#0x04
        movx @DPTR,A
        inc DPTR
        mov A,#0x22
        movx @DPTR,A
        mov DPTR,#0x4000
        clr A
        lcall 0x4000
        mov R2,A
        mov A,#0x14
        movx @DPTR,A
        lcall 0x4000
        mov R3,A
        movc A,@A+DPTR
        sjmp $";
    let mut board = build(&config, source);
    board.run(Cycles(1000));
    assert_eq!((board.cpu().iram(2), board.cpu().iram(3)), (0x01, 0x13));
}

/// The second data pointer is chosen by AUXR1 and inc flips it.
#[test]
fn auxr1_chooses_the_data_pointer_and_inc_flips_it() {
    let source = "mov DPTR,#0x1111\n inc 0xA2\n mov DPTR,#0x2222\n inc DPTR\n inc 0xA2\n inc DPTR\n mov A,0xA2\n sjmp $";
    let mut board = board("89C51RX", source);
    board.run(Cycles(100));
    assert_eq!((board.cpu().dptr(), board.cpu().a()), (0x1112, 0));
    board = self::board(
        "89C51RX",
        "mov DPTR,#0x1111\n mov 0xA2,#0xFF\n mov A,DPL\n mov B,0xA2\n sjmp $",
    );
    board.run(Cycles(100));
    assert_eq!(
        (board.cpu().a(), board.cpu().b()),
        (0, 0x09),
        "DPL and DPH are the chosen pointer's"
    );
}

#[test]
fn reset_values_are_the_manuals() {
    let board = board("8052", "sjmp $");
    for address in 0x80..=0xFF {
        let expected = match address {
            sfr::P0 | sfr::P1 | sfr::P2 | sfr::P3 => 0xFF,
            sfr::SP => 0x07,
            _ => 0x00,
        };
        assert_eq!(board.sfr(address), expected, "SFR {address:02X}");
    }
}

#[test]
fn the_reserved_opcode_does_nothing_in_one_cycle() {
    let (board, cycles) = finish(&config("8051"), ".db 0xA5\n .db 0xA5\n done: sjmp $");
    assert_eq!((board.steps().0, cycles), (2, 2));
}

#[test]
fn unprogrammed_code_is_a_fault() {
    assert_eq!(
        board("8051", "nop").run(Cycles(10)),
        BoardStop::Fault(CpuFault::Unprogrammed)
    );
}

/// Reading an address of XDATA stops right after the instruction.
#[test]
fn reading_an_address_of_xdata_stops_the_board() {
    let config = BoardConfig {
        stop_on_xdata_read: Some(0x7654),
        ..config("8052")
    };
    let mut board = build(
        &config,
        "mov DPTR,#0x7654\n movx @DPTR,A\n movx A,@DPTR\n inc A\n sjmp $",
    );
    assert_eq!(board.run(Cycles(100)), BoardStop::XdataRead(0x7654));
    assert_eq!((board.cpu().pc(), board.now()), (5, Cycles(6)));
}

/// A chip need not be one of the table: registers, interrupts and the values after reset are its
/// rows.
#[test]
fn a_chip_of_ones_own_begins_with_its_reset_values() {
    let mut chip = Chip::named("8052").expect("listed").clone();
    chip.name = "MINE".into();
    chip.registers.retain(|row| row.address != sfr::TMOD);
    for row in &mut chip.registers {
        match row.address {
            sfr::P1 => row.reset = 0x0F,
            sfr::SP => row.reset = 0x2F,
            sfr::IE => row.reset = 0x82,
            _ => {}
        }
    }
    let mut board = build(&BoardConfig::new(&chip), "mov TMOD,#1\n sjmp $");
    for row in &chip.registers {
        assert_eq!(board.sfr(row.address), row.reset, "{}", row.name);
    }
    assert_eq!(board.pins(1), 0x0F);
    board.run(Cycles(10));
    assert_eq!(
        board.unknown_sfrs().collect::<Vec<_>>(),
        [(sfr::TMOD, Cycles(1))]
    );
}
