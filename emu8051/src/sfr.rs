//! The special function registers of the 8051 and 8052: addresses, names, bits.
//!
//! Addresses are those of the MCS-51 Hardware Description (Intel 1994, figures 2 and 3). Only [`ACC`], [`B`], [`PSW`],
//! [`SP`], [`DPL`], [`DPH`] and [`P2`] mean anything to the processor itself; the others belong to the peripherals.

macro_rules! sfrs {
    ($( $(#[$doc:meta])* $name:ident = $address:literal; )*) => {
        $( $(#[$doc])* pub const $name: u8 = $address; )*

        /// Every named register, in order of address.
        pub const NAMES: &[(u8, &str)] = &[ $( ($address, stringify!($name)) ),* ];
    };
}

sfrs! {
    /// Port 0.
    P0 = 0x80;
    /// Stack pointer: the IRAM address of the byte pushed last.
    SP = 0x81;
    /// Low byte of DPTR.
    DPL = 0x82;
    /// High byte of DPTR.
    DPH = 0x83;
    /// Power control ([`Pcon`]).
    PCON = 0x87;
    /// Timer control ([`Tcon`]).
    TCON = 0x88;
    /// Timer mode ([`Tmod`]).
    TMOD = 0x89;
    /// Timer 0, low byte.
    TL0 = 0x8A;
    /// Timer 1, low byte.
    TL1 = 0x8B;
    /// Timer 0, high byte.
    TH0 = 0x8C;
    /// Timer 1, high byte.
    TH1 = 0x8D;
    /// Port 1.
    P1 = 0x90;
    /// Serial control ([`Scon`]).
    SCON = 0x98;
    /// Serial buffer: the transmitter when written, the receiver when read.
    SBUF = 0x99;
    /// Port 2: the high address byte of `MOVX @Ri`.
    P2 = 0xA0;
    /// Interrupt enable ([`Ie`]).
    IE = 0xA8;
    /// Port 3.
    P3 = 0xB0;
    /// Interrupt priority ([`Ip`]).
    IP = 0xB8;
    /// Timer 2 control ([`T2con`]), 8052 only.
    T2CON = 0xC8;
    /// Timer 2 mode, 8052 only.
    T2MOD = 0xC9;
    /// Timer 2 reload and capture, low byte, 8052 only.
    RCAP2L = 0xCA;
    /// Timer 2 reload and capture, high byte, 8052 only.
    RCAP2H = 0xCB;
    /// Timer 2, low byte, 8052 only.
    TL2 = 0xCC;
    /// Timer 2, high byte, 8052 only.
    TH2 = 0xCD;
    /// Program status word ([`Psw`]).
    PSW = 0xD0;
    /// Accumulator.
    ACC = 0xE0;
    /// The B register.
    B = 0xF0;
}

/// Names of bits that have one of their own, by bit address. The others are written `ACC.3`, `P1.0`, `0x20.7`.
pub const BIT_NAMES: &[(u8, &str)] = &[
    (0x88, "IT0"),
    (0x89, "IE0"),
    (0x8A, "IT1"),
    (0x8B, "IE1"),
    (0x8C, "TR0"),
    (0x8D, "TF0"),
    (0x8E, "TR1"),
    (0x8F, "TF1"),
    (0x98, "RI"),
    (0x99, "TI"),
    (0x9A, "RB8"),
    (0x9B, "TB8"),
    (0x9C, "REN"),
    (0x9D, "SM2"),
    (0x9E, "SM1"),
    (0x9F, "SM0"),
    (0xA8, "EX0"),
    (0xA9, "ET0"),
    (0xAA, "EX1"),
    (0xAB, "ET1"),
    (0xAC, "ES"),
    (0xAD, "ET2"),
    (0xAF, "EA"),
    (0xB8, "PX0"),
    (0xB9, "PT0"),
    (0xBA, "PX1"),
    (0xBB, "PT1"),
    (0xBC, "PS"),
    (0xBD, "PT2"),
    (0xC8, "CP_RL2"),
    (0xC9, "C_T2"),
    (0xCA, "TR2"),
    (0xCB, "EXEN2"),
    (0xCC, "TCLK"),
    (0xCD, "RCLK"),
    (0xCE, "EXF2"),
    (0xCF, "TF2"),
    (0xD0, "P"),
    (0xD2, "OV"),
    (0xD3, "RS0"),
    (0xD4, "RS1"),
    (0xD5, "F0"),
    (0xD6, "AC"),
    (0xD7, "CY"),
];

/// The name of the register at `address`, if it has one.
pub fn name(address: u8) -> Option<&'static str> {
    NAMES
        .binary_search_by_key(&address, |(at, _)| *at)
        .ok()
        .map(|i| NAMES[i].1)
}

/// The name of the bit at bit address `bit`, if it has one of its own.
pub fn bit_name(bit: u8) -> Option<&'static str> {
    BIT_NAMES
        .binary_search_by_key(&bit, |(at, _)| *at)
        .ok()
        .map(|i| BIT_NAMES[i].1)
}

/// The direct address of the byte that holds the bit at bit address `bit`, and the bit's mask:
/// IRAM 0x20..0x2F below 0x80, every eighth SFR above.
pub const fn bit_place(bit: u8) -> (u8, u8) {
    let byte = if bit < 0x80 {
        0x20 + bit / 8
    } else {
        bit & 0xF8
    };
    (byte, 1 << (bit & 7))
}

bitflags::bitflags! {
    /// Program status word.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Psw: u8 {
        /// Parity of ACC: set when it has an odd number of ones. Always computed; writing it has no effect.
        const P = 0x01;
        /// For the program's own use.
        const F1 = 0x02;
        /// Overflow.
        const OV = 0x04;
        /// Register bank, low bit.
        const RS0 = 0x08;
        /// Register bank, high bit.
        const RS1 = 0x10;
        /// For the program's own use.
        const F0 = 0x20;
        /// Carry out of bit 3.
        const AC = 0x40;
        /// Carry.
        const CY = 0x80;
    }

    /// Timer control: TF and TR of timers 0 and 1, edge flags and kinds of the external interrupts.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Tcon: u8 {
        /// External interrupt 0: edge (1) or low level (0).
        const IT0 = 0x01;
        /// External interrupt 0 requested.
        const IE0 = 0x02;
        /// External interrupt 1: edge (1) or low level (0).
        const IT1 = 0x04;
        /// External interrupt 1 requested.
        const IE1 = 0x08;
        /// Timer 0 runs.
        const TR0 = 0x10;
        /// Timer 0 overflowed.
        const TF0 = 0x20;
        /// Timer 1 runs.
        const TR1 = 0x40;
        /// Timer 1 overflowed.
        const TF1 = 0x80;
    }

    /// Timer mode: two bits of mode, counter or timer, gate, for each of timers 0 and 1.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Tmod: u8 {
        /// Timer 0 mode, low bit.
        const T0_M0 = 0x01;
        /// Timer 0 mode, high bit.
        const T0_M1 = 0x02;
        /// Timer 0 counts falling edges of pin T0.
        const T0_CT = 0x04;
        /// Timer 0 runs only while pin INT0 is high.
        const T0_GATE = 0x08;
        /// Timer 1 mode, low bit.
        const T1_M0 = 0x10;
        /// Timer 1 mode, high bit.
        const T1_M1 = 0x20;
        /// Timer 1 counts falling edges of pin T1.
        const T1_CT = 0x40;
        /// Timer 1 runs only while pin INT1 is high.
        const T1_GATE = 0x80;
    }

    /// Serial port control.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Scon: u8 {
        /// A byte was received.
        const RI = 0x01;
        /// A byte was sent.
        const TI = 0x02;
        /// Ninth bit received.
        const RB8 = 0x04;
        /// Ninth bit to send.
        const TB8 = 0x08;
        /// Reception enabled.
        const REN = 0x10;
        /// Receive only frames whose ninth bit (mode 1: stop bit) is set.
        const SM2 = 0x20;
        /// Mode, low bit.
        const SM1 = 0x40;
        /// Mode, high bit.
        const SM0 = 0x80;
    }

    /// Interrupt enable.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Ie: u8 {
        /// External interrupt 0.
        const EX0 = 0x01;
        /// Timer 0.
        const ET0 = 0x02;
        /// External interrupt 1.
        const EX1 = 0x04;
        /// Timer 1.
        const ET1 = 0x08;
        /// Serial port.
        const ES = 0x10;
        /// Timer 2.
        const ET2 = 0x20;
        /// All of them.
        const EA = 0x80;
    }

    /// Interrupt priority: a set bit is the high level.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Ip: u8 {
        /// External interrupt 0.
        const PX0 = 0x01;
        /// Timer 0.
        const PT0 = 0x02;
        /// External interrupt 1.
        const PX1 = 0x04;
        /// Timer 1.
        const PT1 = 0x08;
        /// Serial port.
        const PS = 0x10;
        /// Timer 2.
        const PT2 = 0x20;
    }

    /// Power control.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Pcon: u8 {
        /// Idle: the processor stops until an interrupt or reset.
        const IDL = 0x01;
        /// Power down: everything stops until reset.
        const PD = 0x02;
        /// For the program's own use.
        const GF0 = 0x04;
        /// For the program's own use.
        const GF1 = 0x08;
        /// Doubles the baud rate of serial modes 1, 2 and 3.
        const SMOD = 0x80;
    }

    /// Timer 2 control, 8052 only.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct T2con: u8 {
        /// Capture (1) or reload (0).
        const CP_RL2 = 0x01;
        /// Counter of falling edges of pin T2 (1) or timer (0).
        const C_T2 = 0x02;
        /// Timer 2 runs.
        const TR2 = 0x04;
        /// Falling edges of pin T2EX capture or reload.
        const EXEN2 = 0x08;
        /// Timer 2 clocks the transmitter.
        const TCLK = 0x10;
        /// Timer 2 clocks the receiver.
        const RCLK = 0x20;
        /// A falling edge of T2EX came while EXEN2 was set.
        const EXF2 = 0x40;
        /// Timer 2 overflowed.
        const TF2 = 0x80;
    }
}

/// A set of direct addresses 0x80..=0xFF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SfrSet(u128);

impl SfrSet {
    /// No register.
    pub const EMPTY: SfrSet = SfrSet(0);

    /// The set with the register at `address` added; addresses below 0x80 are IRAM and are not added.
    #[must_use]
    pub const fn with(self, address: u8) -> SfrSet {
        if address < 0x80 {
            self
        } else {
            SfrSet(self.0 | 1 << (address & 0x7F))
        }
    }

    /// Whether the register at `address` is in the set.
    pub const fn contains(self, address: u8) -> bool {
        address >= 0x80 && self.0 >> (address & 0x7F) & 1 == 1
    }

    /// Whether the set has no register.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}
