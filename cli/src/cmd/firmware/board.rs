//! The options that decide what the board does, besides its inputs.

use crate::args::number;
use crate::error::{Error, about};
use crate::files::Guarded;
use crate::output::{Address, Bytes};
use board::chips::Chip;
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use firmware::ram::Ram;
use firmware::rate::{Baud, Clock};
use firmware::settings::{DEFAULT_CYCLES, PaceName, Settings, chip};
use firmware::watch::symbol_files::names;
use std::path::Path;

/// The options of the board.
#[derive(Args, Clone, Debug)]
#[group(id = "board", multiple = true)]
pub(super) struct BoardArgs {
    /// The chip: 8051, 8052, 8031, 8032, 80C51, 8751, 89C51RX, 8051AH and others of the family [default: 8052].
    #[arg(long, value_parser = chip, value_name = "CHIP")]
    chip: Option<&'static Chip>,
    /// The most machine cycles [default: 1000000000].
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    pub(super) max_cycles: Option<u64>,
    /// Stop on arriving at this address of CODE, or where this function begins, by the .cdb, .rst or .map beside the
    /// image; may be given more than once.
    #[arg(long, value_parser = place, value_name = "A|NAME")]
    stop_pc: Vec<Place>,
    /// Stop after reading this address of XDATA.
    #[arg(long, value_parser = number::<u16>, value_name = "A")]
    stop_xdata_read: Option<u16>,
    /// How many bits in a second the host on the serial line sends, whatever rate the firmware has set; auto is the
    /// firmware's, once its receiver is on [default: 9600].
    #[arg(long, value_name = "RATE")]
    pub(super) baud: Option<Baud>,
    /// When the host sends its next byte: taken (the firmware has cleared RI, or looks at the pin RXD itself) or line
    /// (from the start on, back to back) [default: taken].
    #[arg(long, value_parser = pace(), hide_possible_values = true, value_name = "WHEN")]
    pub(super) uart_pace: Option<PaceName>,
    /// RAM before the first instruction: zero, random:SEED, or @FILE (XDATA from 0 on, then IRAM) [default: zero].
    #[arg(long, value_name = "WHAT", conflicts_with = "restore")]
    ram: Option<Ram>,
    /// RAM outside the chip, in bytes from XDATA 0x0000 on [default: 65536].
    #[arg(long, value_parser = number::<u32>, value_name = "N")]
    xdata_bytes: Option<u32>,
    /// Wire one RAM as CODE and XDATA, so that firmware can load and change programs.
    #[arg(long, conflicts_with = "xdata_bytes")]
    von_neumann: bool,
    /// Refuse an image that does not fit the chip's own ROM.
    #[arg(long)]
    internal_code_only: bool,
    /// Machine cycles the call of a service routine takes: 2 is Intel's; 1, at once, is that of s51 [default: 2].
    #[arg(long, value_parser = number::<u64>, value_name = "N")]
    interrupt_latency_cycles: Option<u64>,
}

impl BoardArgs {
    pub(super) fn settings(
        &self,
        image: &Path,
        clock: Option<Clock>,
        uart_pty: bool,
    ) -> Result<Settings, Error> {
        Ok(Settings {
            chip: self.chip.map_or("8052", |chip| &chip.name).into(),
            von_neumann: self.von_neumann,
            xdata_bytes: self.xdata_bytes.unwrap_or(65536),
            internal_code_only: self.internal_code_only,
            interrupt_latency_cycles: self.interrupt_latency_cycles.unwrap_or(2),
            uart_pace: self.uart_pace.unwrap_or(PaceName::Taken),
            baud: self.baud.unwrap_or_default(),
            clock: clock.unwrap_or_default(),
            uart_pty,
            stop_pc: stops(&self.stop_pc, image)?,
            stop_xdata_read: self.stop_xdata_read.map(Address),
            max_cycles: self.max_cycles.unwrap_or(DEFAULT_CYCLES),
            ram: Bytes(self.ram.clone().unwrap_or_default().bytes(&Guarded)?),
        })
    }
}

/// The names of a [`PaceName`].
fn pace() -> impl TypedValueParser<Value = PaceName> {
    PossibleValuesParser::new(["taken", "line"]).map(|name| match name.as_str() {
        "line" => PaceName::Line,
        _ => PaceName::Taken,
    })
}

/// A place in CODE.
#[derive(Clone, Debug)]
enum Place {
    At(u16),
    /// The beginning of the function of this name.
    Function(String),
}

/// A name begins as one does in C, so that a mistyped number is none.
fn place(text: &str) -> Result<Place, String> {
    match text.chars().next() {
        Some(c) if c == '_' || c.is_ascii_alphabetic() => Ok(Place::Function(text.into())),
        _ => number(text).map(Place::At),
    }
}

/// The addresses that `places` are in `image`.
fn stops(places: &[Place], image: &Path) -> Result<Vec<Address>, Error> {
    let named = places
        .iter()
        .any(|place| matches!(place, Place::Function(_)));
    let symbols = if named {
        names(&Guarded, image)
    } else {
        Default::default()
    };
    let mut stops = Vec::new();
    for place in places {
        match place {
            Place::At(address) => stops.push(Address(*address)),
            Place::Function(name) => {
                let found = symbols.functions.iter().filter(|f| f.name == *name);
                let before = stops.len();
                stops.extend(found.map(|function| Address(function.at)));
                if stops.len() > before {
                    continue;
                }
                let problem = if symbols.functions.is_empty() {
                    "no .cdb, .rst or .map beside it tells functions: link with sdcc, or give an address".into()
                } else {
                    let known: Vec<&str> =
                        symbols.functions.iter().map(|f| f.name.as_str()).collect();
                    format!("its symbols have {}", known.join(", "))
                };
                let problem = format_args!("no function is called {name}: {problem}");
                return Err(about(image, problem));
            }
        }
    }
    Ok(stops)
}
