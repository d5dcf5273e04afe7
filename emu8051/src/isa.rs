//! The instruction set as one table.
//!
//! `isa!` has a row for each of the 112 kinds of instruction. Everything that has to know an opcode derives from it:
//! lengths (computed from the operands, never typed), machine cycles, the decoder, the disassembler, the assembler,
//! the block sums and `docs/isa.md`; the interpreter matches `Uop` exhaustively, so a new row does not compile until
//! it is executed. The facts are those of the MCS-51 Programmer's Guide and Instruction Set (Intel 1994, table 10).

use crate::pairs::with_pairs;
use crate::sfr::Psw;

bitflags::bitflags! {
    /// What an instruction does to the flow of control and to ports.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub struct Attrs: u8 {
        /// Pushes a return address and jumps.
        const CALL = 1;
        /// Pops a return address.
        const RET = 2;
        /// Always goes elsewhere.
        const JUMP = 4;
        /// Goes elsewhere or on, by a condition.
        const BRANCH = 8;
        /// Reads the port *latch* when its operand is a port, because it writes the value back (read-modify-write).
        const RMW = 16;
        /// Its two direct addresses stand in CODE in the reverse order: source first (`MOV direct,direct` alone).
        const SOURCE_FIRST = 32;
    }
}

impl Attrs {
    /// Those after which a basic block ends.
    pub const ENDS_BLOCK: Attrs = Attrs::CALL
        .union(Attrs::RET)
        .union(Attrs::JUMP)
        .union(Attrs::BRANCH);
}

/// A kind of operand as it stands in assembly text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operand {
    /// `A`
    A,
    /// `AB`
    Ab,
    /// `C`, the carry
    C,
    /// `DPTR`
    Dptr,
    /// `@DPTR`
    AtDptr,
    /// `@A+DPTR`
    AtADptr,
    /// `@A+PC`
    AtAPc,
    /// `R0`..`R7`: the low three bits of the opcode
    Rn,
    /// `@R0`, `@R1`: the low bit of the opcode
    AtRi,
    /// a direct address: IRAM below 0x80, an SFR above
    Direct,
    /// `#data`
    Imm,
    /// `#data16`, high byte first
    Imm16,
    /// a bit address
    Bit,
    /// `/bit`, the complement of a bit
    NotBit,
    /// a signed distance from the next instruction
    Rel,
    /// 11 bits within the 2 KiB page of the next instruction, three of them in the opcode
    Addr11,
    /// a CODE address, high byte first
    Addr16,
}

impl Operand {
    /// How the field writes it: `A`, `direct`, `#data`, `@Ri`.
    pub const fn notation(self) -> &'static str {
        match self {
            Operand::A => "A",
            Operand::Ab => "AB",
            Operand::C => "C",
            Operand::Dptr => "DPTR",
            Operand::AtDptr => "@DPTR",
            Operand::AtADptr => "@A+DPTR",
            Operand::AtAPc => "@A+PC",
            Operand::Rn => "Rn",
            Operand::AtRi => "@Ri",
            Operand::Direct => "direct",
            Operand::Imm => "#data",
            Operand::Imm16 => "#data16",
            Operand::Bit => "bit",
            Operand::NotBit => "/bit",
            Operand::Rel => "rel",
            Operand::Addr11 => "addr11",
            Operand::Addr16 => "addr16",
        }
    }

    /// The bytes this operand takes after the opcode.
    pub const fn bytes(self) -> u8 {
        use Operand::*;
        match self {
            A | Ab | C | Dptr | AtDptr | AtADptr | AtAPc | Rn | AtRi => 0,
            Direct | Imm | Bit | NotBit | Rel | Addr11 => 1,
            Imm16 | Addr16 => 2,
        }
    }
}

/// What the table says about one opcode.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// The mnemonic in capitals; `DB` for the reserved opcode 0xA5.
    pub mnemonic: &'static str,
    /// The operands in the order of assembly text.
    pub operands: &'static [Operand],
    /// Machine cycles (12 clocks each), 1, 2 or 4.
    pub cycles: u8,
    /// Length in bytes, 1 to 3.
    pub len: u8,
    /// What it does to control flow and ports.
    pub attrs: Attrs,
    /// The flags among CY, AC and OV it writes. P always follows ACC and is not listed.
    pub flags: Psw,
    /// The row's name in the interpreter.
    pub(crate) uop: Uop,
    /// The lowest opcode of the row.
    pub(crate) base: u8,
}

impl OpInfo {
    /// The row as manuals write it: `CJNE @Ri,#data,rel`.
    pub fn form(&self) -> String {
        let operands: Vec<&str> = self
            .operands
            .iter()
            .map(|operand| operand.notation())
            .collect();
        format!("{} {}", self.mnemonic, operands.join(","))
            .trim_end()
            .to_owned()
    }
}

/// Which opcodes a row covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// one opcode
    One,
    /// two, by the register that holds the address
    Ri,
    /// eight, by register
    Rn,
    /// eight, by the page in the three high bits
    Page,
}

impl Family {
    const fn opcodes(self) -> (usize, usize) {
        match self {
            Family::One => (1, 1),
            Family::Ri => (2, 1),
            Family::Rn => (8, 1),
            Family::Page => (8, 0x20),
        }
    }
}

macro_rules! isa {
    (
        $( $base:literal $family:ident $mnemonic:ident [$($operand:ident)*] $cycles:literal
           [$($attr:ident)*] [$($flag:ident)*] $uop:ident; )*
        exits { $( $(#[$doc:meta])* $exit:ident, )* }
        registers { $( $(#[$form:meta])* $on_reg:ident = $row:ident; )* }
        pairs { $( $pair:ident = $first:ident $second:ident; )* }
    ) => {
        /// What the interpreter dispatches on: a variant per row, then those that exist in predecoded CODE only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub(crate) enum Uop {
            $( #[doc = concat!(stringify!($mnemonic), " ", stringify!($($operand)*))] $uop, )*
            $( $(#[$doc])* $exit, )*
            $( $(#[$form])* $on_reg, )*
            $( #[doc = concat!(stringify!($first), " and ", stringify!($second), " at once")] $pair, )*
        }

        impl Uop {
            /// How many there are.
            pub(crate) const COUNT: usize =
                [$(Uop::$uop,)* $(Uop::$exit,)* $(Uop::$on_reg,)* $(Uop::$pair,)*].len();

            /// Whether it is two instructions at once.
            #[inline(always)]
            pub(crate) const fn is_pair(self) -> bool {
                self as u8 >= const { PAIRS[0].2 as u8 } // pairs come last
            }

            /// Length in bytes of the instruction or pair; 0 of what the block loop leaves to others.
            pub(crate) const fn len(self) -> u8 {
                match self {
                    $( Uop::$uop => 1 $(+ Operand::$operand.bytes())*, )*
                    $( Uop::$exit => 0, )*
                    $( Uop::$on_reg => Uop::$row.len(), )*
                    $( Uop::$pair => Uop::$first.len() + Uop::$second.len(), )*
                }
            }
        }

        impl Uop {
            /// The bytes it pushes, for which there must be room before it begins.
            pub(crate) const fn pushes(self) -> u8 {
                match self {
                    Uop::Push | Uop::PushA => 1,
                    $( Uop::$pair => Uop::$first.pushes() + Uop::$second.pushes(), )*
                    _ => 0,
                }
            }
        }

        /// The operations that have one for both next to each other, see [`fusion`](crate::fusion):
        /// first, second, both.
        pub(crate) const PAIRS: &[(Uop, Uop, Uop)] =
            &[ $( (Uop::$first, Uop::$second, Uop::$pair) ),* ];

        const ROWS: &[(Family, OpInfo)] = &[ $( (Family::$family, OpInfo {
            mnemonic: stringify!($mnemonic),
            operands: &[$(Operand::$operand),*],
            cycles: $cycles,
            len: 1 $(+ Operand::$operand.bytes())*,
            attrs: Attrs::empty() $(.union(Attrs::$attr))*,
            flags: Psw::empty() $(.union(Psw::$flag))*,
            uop: Uop::$uop,
            base: $base,
        }) ),* ];
    };
}

with_pairs! { isa! {
//  base family mnemonic operands            cycles attributes          flags       name
    0x00 One  NOP   []                       1      []                  []          Nop;
    0x01 Page AJMP  [Addr11]                 2      [JUMP]              []          Ajmp;
    0x02 One  LJMP  [Addr16]                 2      [JUMP]              []          Ljmp;
    0x03 One  RR    [A]                      1      []                  []          RrA;
    0x04 One  INC   [A]                      1      []                  []          IncA;
    0x05 One  INC   [Direct]                 1      [RMW]               []          IncDir;
    0x06 Ri   INC   [AtRi]                   1      []                  []          IncAtRi;
    0x08 Rn   INC   [Rn]                     1      []                  []          IncRn;
    0x10 One  JBC   [Bit Rel]                2      [BRANCH RMW]        []          Jbc;
    0x11 Page ACALL [Addr11]                 2      [CALL]              []          Acall;
    0x12 One  LCALL [Addr16]                 2      [CALL]              []          Lcall;
    0x13 One  RRC   [A]                      1      []                  [CY]        RrcA;
    0x14 One  DEC   [A]                      1      []                  []          DecA;
    0x15 One  DEC   [Direct]                 1      [RMW]               []          DecDir;
    0x16 Ri   DEC   [AtRi]                   1      []                  []          DecAtRi;
    0x18 Rn   DEC   [Rn]                     1      []                  []          DecRn;
    0x20 One  JB    [Bit Rel]                2      [BRANCH]            []          Jb;
    0x22 One  RET   []                       2      [RET]               []          Ret;
    0x23 One  RL    [A]                      1      []                  []          RlA;
    0x24 One  ADD   [A Imm]                  1      []                  [CY AC OV]  AddImm;
    0x25 One  ADD   [A Direct]               1      []                  [CY AC OV]  AddDir;
    0x26 Ri   ADD   [A AtRi]                 1      []                  [CY AC OV]  AddAtRi;
    0x28 Rn   ADD   [A Rn]                   1      []                  [CY AC OV]  AddRn;
    0x30 One  JNB   [Bit Rel]                2      [BRANCH]            []          Jnb;
    0x32 One  RETI  []                       2      [RET]               []          Reti;
    0x33 One  RLC   [A]                      1      []                  [CY]        RlcA;
    0x34 One  ADDC  [A Imm]                  1      []                  [CY AC OV]  AddcImm;
    0x35 One  ADDC  [A Direct]               1      []                  [CY AC OV]  AddcDir;
    0x36 Ri   ADDC  [A AtRi]                 1      []                  [CY AC OV]  AddcAtRi;
    0x38 Rn   ADDC  [A Rn]                   1      []                  [CY AC OV]  AddcRn;
    0x40 One  JC    [Rel]                    2      [BRANCH]            []          Jc;
    0x42 One  ORL   [Direct A]               1      [RMW]               []          OrlDirA;
    0x43 One  ORL   [Direct Imm]             2      [RMW]               []          OrlDirImm;
    0x44 One  ORL   [A Imm]                  1      []                  []          OrlImm;
    0x45 One  ORL   [A Direct]               1      []                  []          OrlDir;
    0x46 Ri   ORL   [A AtRi]                 1      []                  []          OrlAtRi;
    0x48 Rn   ORL   [A Rn]                   1      []                  []          OrlRn;
    0x50 One  JNC   [Rel]                    2      [BRANCH]            []          Jnc;
    0x52 One  ANL   [Direct A]               1      [RMW]               []          AnlDirA;
    0x53 One  ANL   [Direct Imm]             2      [RMW]               []          AnlDirImm;
    0x54 One  ANL   [A Imm]                  1      []                  []          AnlImm;
    0x55 One  ANL   [A Direct]               1      []                  []          AnlDir;
    0x56 Ri   ANL   [A AtRi]                 1      []                  []          AnlAtRi;
    0x58 Rn   ANL   [A Rn]                   1      []                  []          AnlRn;
    0x60 One  JZ    [Rel]                    2      [BRANCH]            []          Jz;
    0x62 One  XRL   [Direct A]               1      [RMW]               []          XrlDirA;
    0x63 One  XRL   [Direct Imm]             2      [RMW]               []          XrlDirImm;
    0x64 One  XRL   [A Imm]                  1      []                  []          XrlImm;
    0x65 One  XRL   [A Direct]               1      []                  []          XrlDir;
    0x66 Ri   XRL   [A AtRi]                 1      []                  []          XrlAtRi;
    0x68 Rn   XRL   [A Rn]                   1      []                  []          XrlRn;
    0x70 One  JNZ   [Rel]                    2      [BRANCH]            []          Jnz;
    0x72 One  ORL   [C Bit]                  2      []                  [CY]        OrlCBit;
    0x73 One  JMP   [AtADptr]                2      [JUMP]              []          JmpAtADptr;
    0x74 One  MOV   [A Imm]                  1      []                  []          MovAImm;
    0x75 One  MOV   [Direct Imm]             2      []                  []          MovDirImm;
    0x76 Ri   MOV   [AtRi Imm]               1      []                  []          MovAtRiImm;
    0x78 Rn   MOV   [Rn Imm]                 1      []                  []          MovRnImm;
    0x80 One  SJMP  [Rel]                    2      [JUMP]              []          Sjmp;
    0x82 One  ANL   [C Bit]                  2      []                  [CY]        AnlCBit;
    0x83 One  MOVC  [A AtAPc]                2      []                  []          MovcAPc;
    0x84 One  DIV   [Ab]                     4      []                  [CY OV]     Div;
    0x85 One  MOV   [Direct Direct]          2      [SOURCE_FIRST]      []          MovDirDir;
    0x86 Ri   MOV   [Direct AtRi]            2      []                  []          MovDirAtRi;
    0x88 Rn   MOV   [Direct Rn]              2      []                  []          MovDirRn;
    0x90 One  MOV   [Dptr Imm16]             2      []                  []          MovDptr;
    0x92 One  MOV   [Bit C]                  2      [RMW]               []          MovBitC;
    0x93 One  MOVC  [A AtADptr]              2      []                  []          MovcADptr;
    0x94 One  SUBB  [A Imm]                  1      []                  [CY AC OV]  SubbImm;
    0x95 One  SUBB  [A Direct]               1      []                  [CY AC OV]  SubbDir;
    0x96 Ri   SUBB  [A AtRi]                 1      []                  [CY AC OV]  SubbAtRi;
    0x98 Rn   SUBB  [A Rn]                   1      []                  [CY AC OV]  SubbRn;
    0xA0 One  ORL   [C NotBit]               2      []                  [CY]        OrlCNotBit;
    0xA2 One  MOV   [C Bit]                  1      []                  [CY]        MovCBit;
    0xA3 One  INC   [Dptr]                   2      []                  []          IncDptr;
    0xA4 One  MUL   [Ab]                     4      []                  [CY OV]     Mul;
    0xA5 One  DB    []                       1      []                  []          Reserved;
    0xA6 Ri   MOV   [AtRi Direct]            2      []                  []          MovAtRiDir;
    0xA8 Rn   MOV   [Rn Direct]              2      []                  []          MovRnDir;
    0xB0 One  ANL   [C NotBit]               2      []                  [CY]        AnlCNotBit;
    0xB2 One  CPL   [Bit]                    1      [RMW]               []          CplBit;
    0xB3 One  CPL   [C]                      1      []                  [CY]        CplC;
    0xB4 One  CJNE  [A Imm Rel]              2      [BRANCH]            [CY]        CjneAImm;
    0xB5 One  CJNE  [A Direct Rel]           2      [BRANCH]            [CY]        CjneADir;
    0xB6 Ri   CJNE  [AtRi Imm Rel]           2      [BRANCH]            [CY]        CjneAtRiImm;
    0xB8 Rn   CJNE  [Rn Imm Rel]             2      [BRANCH]            [CY]        CjneRnImm;
    0xC0 One  PUSH  [Direct]                 2      []                  []          Push;
    0xC2 One  CLR   [Bit]                    1      [RMW]               []          ClrBit;
    0xC3 One  CLR   [C]                      1      []                  [CY]        ClrC;
    0xC4 One  SWAP  [A]                      1      []                  []          SwapA;
    0xC5 One  XCH   [A Direct]               1      []                  []          XchDir;
    0xC6 Ri   XCH   [A AtRi]                 1      []                  []          XchAtRi;
    0xC8 Rn   XCH   [A Rn]                   1      []                  []          XchRn;
    0xD0 One  POP   [Direct]                 2      []                  []          Pop;
    0xD2 One  SETB  [Bit]                    1      [RMW]               []          SetbBit;
    0xD3 One  SETB  [C]                      1      []                  [CY]        SetbC;
    0xD4 One  DA    [A]                      1      []                  [CY]        DaA;
    0xD5 One  DJNZ  [Direct Rel]             2      [BRANCH RMW]        []          DjnzDir;
    0xD6 Ri   XCHD  [A AtRi]                 1      []                  []          XchdAtRi;
    0xD8 Rn   DJNZ  [Rn Rel]                 2      [BRANCH]            []          DjnzRn;
    0xE0 One  MOVX  [A AtDptr]               2      []                  []          MovxADptr;
    0xE2 Ri   MOVX  [A AtRi]                 2      []                  []          MovxAAtRi;
    0xE4 One  CLR   [A]                      1      []                  []          ClrA;
    0xE5 One  MOV   [A Direct]               1      []                  []          MovADir;
    0xE6 Ri   MOV   [A AtRi]                 1      []                  []          MovAAtRi;
    0xE8 Rn   MOV   [A Rn]                   1      []                  []          MovARn;
    0xF0 One  MOVX  [AtDptr A]               2      []                  []          MovxDptrA;
    0xF2 Ri   MOVX  [AtRi A]                 2      []                  []          MovxAtRiA;
    0xF4 One  CPL   [A]                      1      []                  []          CplA;
    0xF5 One  MOV   [Direct A]               1      []                  []          MovDirA;
    0xF6 Ri   MOV   [AtRi A]                 1      []                  []          MovAtRiA;
    0xF8 Rn   MOV   [Rn A]                   1      []                  []          MovRnA;
    exits {
        /// Arriving here ends the run.
        Trap,
        /// Cannot be executed: reserved opcode or unprogrammed CODE.
        Fault,
        /// Ends the block before it and is executed by the exact loop.
        Exact,
    }
    registers {
        /// `PUSH ACC`
        PushA = Push;
        /// `POP ACC`
        PopA = Pop;
        /// `ADD A,ACC`
        AddA = AddDir;
        /// `ADDC A,ACC`
        AddcA = AddcDir;
        /// `SUBB A,ACC`
        SubbA = SubbDir;
        /// `JB ACC.n,rel`
        JbA = Jb;
        /// `JNB ACC.n,rel`
        JnbA = Jnb;
        /// `MOV C,ACC.n`
        MovCA = MovCBit;
        /// `MOV ACC.n,C`
        MovAC = MovBitC;
        /// `PUSH PSW`
        PushPsw = Push;
        /// `POP PSW`
        PopPsw = Pop;
        /// `MOV PSW,#imm`
        MovPswImm = MovDirImm;
        /// `MOV SP,A` or `INC SP`, of the same length, where the stack is guarded
        SetSp = MovDirA;
    }
} }

/// How many rows of the table cover each opcode.
const fn coverage() -> [u8; 256] {
    let mut covered = [0; 256];
    let mut row = 0;
    while row < ROWS.len() {
        let (family, info) = &ROWS[row];
        let (count, stride) = family.opcodes();
        let mut i = 0;
        while i < count {
            covered[info.base as usize + i * stride] += 1;
            i += 1;
        }
        row += 1;
    }
    covered
}

const _: () = {
    let covered = coverage();
    let mut opcode = 0;
    while opcode < 256 {
        assert!(
            covered[opcode] == 1,
            "each opcode must be covered by exactly one row"
        );
        opcode += 1;
    }
};

/// The operands of the row that the interpreter calls `uop`.
const fn operands_of(uop: Uop) -> &'static [Operand] {
    let mut row = 0;
    while ROWS[row].1.uop as u8 != uop as u8 {
        row += 1;
    }
    ROWS[row].1.operands
}

/// How much of a slot the operands of a row take: bytes, words of 16 bits, addresses relative to the next instruction.
const fn slot_use(uop: Uop) -> (u8, u8, u8) {
    let (mut bytes, mut words, mut relative) = (0, 0, 0);
    let operands = operands_of(uop);
    let mut i = 0;
    while i < operands.len() {
        match operands[i] {
            Operand::Rn | Operand::AtRi | Operand::Direct | Operand::Imm => bytes += 1,
            Operand::Bit | Operand::NotBit => bytes += 2, // the byte and a mask
            Operand::Imm16 => words += 1,
            Operand::AtAPc => relative += 1,
            _ => {}
        }
        i += 1;
    }
    (bytes, words, relative)
}

const _: () = {
    let mut i = 0;
    while i < PAIRS.len() {
        let (first, second, _) = PAIRS[i];
        let (_, words, relative) = slot_use(first);
        assert!(
            relative == 0,
            "only the second of a pair knows what is next"
        );
        let (bytes, second_words, _) = slot_use(second);
        assert!(
            second_words == 0 && bytes as usize + words as usize <= 2,
            "the operands of a pair must fit into a slot"
        );
        i += 1;
    }
};

/// The table, by opcode.
pub static OPCODES: [OpInfo; 256] = {
    let mut table = [ROWS[0].1; 256];
    let mut row = 0;
    while row < ROWS.len() {
        let (family, info) = &ROWS[row];
        let (count, stride) = family.opcodes();
        let mut i = 0;
        while i < count {
            table[info.base as usize + i * stride] = *info;
            i += 1;
        }
        row += 1;
    }
    table
};
