//! The recording format: everything a call needed and everything it did, as JSON.
//!
//! Format 1 is the one in which runs of the original chain were recorded; what our own rules add to it
//! is optional, so old files stay readable: `semantics`, `schedule`, `limits`, `code` (the image itself, so that one
//! file is enough to run the call again) and `state` (raw entries of the state that the call read). Format 2 adds
//! [`Row::said`], [`Context::codes`] and [`CallRow::frame`]: a call under our own rules, with the contracts it calls.

use super::said::Said;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;
use std::fmt;

/// The newest version of the format. A program reads all of them, and writes the oldest one that holds the rows.
pub const FORMAT: u32 = 2;

/// The version without what [`FORMAT`] adds.
const FIRST: u32 = 1;

/// A file of recordings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// The version, 1 to [`FORMAT`].
    pub format: u32,
    /// What made the recordings.
    pub made_with: String,
    /// The recordings.
    pub rows: Vec<Row>,
}

/// Why a file cannot be a file of recordings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Another version of the program wrote it.
    #[error("expected recording format {FIRST} to {FORMAT}, found {0}")]
    Unknown(u32),
    /// A row has a field that its format does not have.
    #[error(
        "rows[{row}].{field} is of recording format {FORMAT}, and the file says format {FIRST}"
    )]
    TooNew {
        /// The row's place, counted from 0.
        row: usize,
        /// The field, as a path.
        field: &'static str,
    },
}

impl File {
    /// A file of `rows`, in the oldest format that holds them.
    #[must_use]
    pub fn new(made_with: String, rows: Vec<Row>) -> File {
        let is_first = rows.iter().all(|row| row.newer().is_none());
        File {
            format: if is_first { FIRST } else { FORMAT },
            made_with,
            rows,
        }
    }

    /// Whether this program can read the file, and its rows are of its format.
    ///
    /// # Errors
    /// [`FormatError`].
    pub fn check(&self) -> Result<(), FormatError> {
        if !(FIRST..=FORMAT).contains(&self.format) {
            return Err(FormatError::Unknown(self.format));
        }
        let newer = |(row, it): (usize, &Row)| Some((row, it.newer()?));
        match self.rows.iter().enumerate().find_map(newer) {
            Some((row, field)) if self.format == FIRST => Err(FormatError::TooNew { row, field }),
            _ => Ok(()),
        }
    }
}

impl Row {
    /// The first field that only [`FORMAT`] has.
    fn newer(&self) -> Option<&'static str> {
        let fields = [
            (!self.context.codes.is_empty(), "context.codes"),
            (self.context.gas_price.is_some(), "context.gas_price"),
            (self.calls.iter().any(|call| call.frame != 0), "calls.frame"),
            (self.said.is_some(), "said"),
        ];
        fields
            .into_iter()
            .find_map(|(has, field)| has.then_some(field))
    }
}

/// One recorded call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Its name.
    pub id: String,
    /// What it shows.
    #[serde(default)]
    pub note: String,
    /// The ROM's file name in an image folder.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// SHA-256 of the ROM or module.
    pub rom_sha256: Hex,
    /// The ROM's length in bytes.
    pub rom_len: usize,
    /// The generation of method numbers: `final`, or anything else for those of 2014.
    #[serde(default = "final_abi")]
    pub abi: String,
    /// The rules it ran under, where they are not the old chain's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semantics: Option<String>,
    /// The gas schedule that the limit and `result.gas` are counted by, under our own rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<u16>,
    /// The image in the form in which the chain stores it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Hex>,
    /// Where and when it ran.
    pub context: Context,
    /// The input bytes.
    pub input: Hex,
    /// The calls into the host, in order.
    pub calls: Vec<CallRow>,
    /// How it ended.
    pub result: ResultRow,
    /// What it said, and the contracts that it called, under our own rules; none in format 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<Said>,
    /// The output records asked for, 48 bytes each.
    #[serde(default)]
    pub outputs: Vec<Hex>,
    /// The app fund records asked for, 95 bytes each, in the order in which they are applied.
    #[serde(default)]
    pub app_ops: Vec<Hex>,
    /// The data afterwards: contract, key, value.
    #[serde(default)]
    pub final_db: Vec<(Hex, Hex, Hex)>,
    /// The app accounts afterwards.
    #[serde(default)]
    pub final_app_accounts: Vec<AppAccountRow>,
    /// The balances afterwards: registered id, or `keyid:` and the key id of an account without one; amount.
    #[serde(default)]
    pub final_accounts: Vec<(String, u64)>,
    /// Whether the flags of the recorded processor were the hardware's at every instruction.
    #[serde(default = "yes")]
    pub cpu_flags_as_hardware: bool,
    /// Set where the original reads out of bounds: any failure that leaves nothing is right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undefined_in_original: Option<String>,
    /// What a processor without the original's defects does, where that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware_core_result: Option<HardwareResult>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
const fn is_outermost(frame: &u16) -> bool {
    *frame == 0
}

fn final_abi() -> String {
    "final".into()
}

fn yes() -> bool {
    true
}

/// Where and when a call ran.
///
/// Whatever a file leaves out is taken from [`Context::default`], a small chain at height 100.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Context {
    /// The network, by name.
    pub network: String,
    /// The height of the block being built.
    pub height: u32,
    /// The height of the newest block.
    pub chain_tip: u32,
    /// The time of a block: `base + height * step` seconds.
    pub block_time: BlockTime,
    /// Whether the old node let contracts list their keys.
    pub db_traversal_enabled: bool,
    /// The transaction.
    pub tx: Tx,
    /// The old chain's price of a hundred steps.
    pub fuel_rate: u64,
    /// The old chain's step limit.
    pub max_steps: u64,
    /// Whether app accounts must match what was paid; where it is left out the image says so.
    pub check_account_flag: Option<bool>,
    /// The accounts before fee and amount are moved.
    pub accounts: Vec<AccountRow>,
    /// Data before: contract, key, value.
    pub initial_db: Vec<(Hex, Hex, Hex)>,
    /// App accounts before.
    pub initial_app_accounts: Vec<AppAccountRow>,
    /// Transactions of earlier blocks.
    pub known_txs: Vec<KnownTxRow>,
    /// Other contracts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_contracts: Vec<OtherContract>,
    /// The time of the block being built in seconds since 1970, where `block_time` does not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<u64>,
    /// Likewise of the newest block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip_time: Option<u32>,
    /// Raw entries of the state before the call, key and value; they stand above all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<(Hex, Hex)>,
    /// Images of the contracts that are called, as the chain stores them; their records are among `state`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<Hex>,
    /// Hashes of blocks, where they are not those of recorded chains (double SHA-256 of `block<height>`).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub block_hashes: BTreeMap<u32, Hex>,
    /// The gas limit, under our own rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_limit: Option<u64>,
    /// The price of a gas of deferred actions, where the call sends any; 0 elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas_price: Option<u64>,
    /// The most machine cycles, where the run was limited by them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle_limit: Option<u64>,
    /// The most steps, where the run was limited to fewer than its payment buys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step_limit: Option<u64>,
}

/// When blocks are made: `base + height * step` seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockTime {
    /// The time of height 0.
    pub base: u32,
    /// The seconds between blocks.
    pub step: u32,
}

impl Default for BlockTime {
    fn default() -> Self {
        BlockTime {
            base: 1_400_000_000,
            step: 60,
        }
    }
}

/// The transaction that makes the call. Whatever a file leaves out is taken from [`Tx::default`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tx {
    /// The sender.
    pub src_regid: Hex,
    /// The contract.
    pub dest_script_id: Hex,
    /// The height up to which it is valid.
    pub valid_height: u32,
    /// The fee offered.
    pub fee: u64,
    /// The amount sent to the contract.
    pub pay_amount: u64,
    /// The transaction's hash.
    pub hash: Hex,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountRow {
    /// Its registered id; empty if it has none.
    pub regid: Hex,
    /// Its compressed public key; empty if it has none.
    #[serde(default)]
    pub pubkey: Hex,
    /// Its key id.
    pub keyid: Hex,
    /// Its address, for readers; not used.
    #[serde(default)]
    pub address: String,
    /// Its balance.
    pub balance: u64,
}

/// An app account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AppAccountRow {
    /// The contract.
    pub script: Hex,
    /// The user id, 1 to 40 bytes.
    pub user: Hex,
    /// The free amount.
    pub free: u64,
    /// The frozen funds.
    pub frozen: Vec<FrozenRow>,
}

/// A frozen fund.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrozenRow {
    /// Its tag.
    pub tag: Hex,
    /// The height (or time) at which it thaws.
    pub height: u32,
    /// The amount.
    pub value: u64,
}

/// A transaction of an earlier block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownTxRow {
    /// Its hash.
    pub hash: Hex,
    /// Its sender.
    pub src_regid: Hex,
    /// Its contract bytes.
    pub contract: Hex,
    /// The height of its block.
    pub confirm_height: u32,
}

/// Another contract of the chain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OtherContract {
    /// Its registered id.
    pub regid: Hex,
    /// SHA-256 of its ROM.
    pub rom_sha256: Hex,
}

/// One call into the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// Its number, from 1.
    pub n: usize,
    /// The number of the frame that made it; the outermost one is 0.
    #[serde(default, skip_serializing_if = "is_outermost")]
    pub frame: u16,
    /// The step counter on arrival.
    pub step: i64,
    /// The method asked for.
    pub method: u16,
    /// The method's name.
    pub name: String,
    /// The processor on arrival; `null` from an engine that has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<CpuRow>,
    /// The frame, where it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args_raw: Option<Hex>,
    /// Whether the frame could be read.
    pub args_ok: bool,
    /// The items read; where the frame is wrong, those before the error.
    pub args: Vec<Hex>,
    /// 1 served, 0 not served, -1 fatal; none where the run ended in it some other way.
    pub status: Option<i32>,
    /// The adjustment of the step counter.
    pub step_delta: Option<i64>,
    /// The reply items.
    pub ret: Vec<Hex>,
    /// Set where the reply does not fit and was dropped.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ret_dropped: bool,
}

/// The registers and digests of the memories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CpuRow {
    /// PC.
    pub pc: u16,
    /// ACC.
    pub a: u8,
    /// B.
    pub b: u8,
    /// PSW.
    pub psw: u8,
    /// SP.
    pub sp: u8,
    /// DPTR.
    pub dptr: u16,
    /// CRC-32 of the 256 bytes of IRAM.
    pub iram_crc32: Hex,
    /// CRC-32 of the 65,536 bytes of XDATA.
    pub xram_crc32: Hex,
    /// R0 to R7 of the original's one bank: IRAM 0x00..=0x07.
    pub r0_7: Hex,
}

/// How a call ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    /// Whether the transaction was accepted.
    pub ok: bool,
    /// The original's message, for readers; ours where we recorded.
    #[serde(default)]
    pub message: String,
    /// Set where the original left its VM by an exception.
    #[serde(default)]
    pub threw: Option<String>,
    /// What the VM returned: the steps, 0 refused, -1 a limit or fatal, -999 not run.
    pub vm_return: i64,
    /// XDATA 0xEFFD at the end.
    pub exit_byte: u8,
    /// The step counter at the end; -1 where the VM did not run to an end.
    pub final_step: i64,
    /// Instructions executed.
    pub insns: u64,
    /// Machine cycles.
    pub machine_cycles: u64,
    /// The steps the transaction is charged for.
    #[serde(default)]
    pub run_step: u64,
    /// Steps times fuel rate.
    #[serde(default)]
    pub spend: u64,
    /// Gas used, under our own rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas: Option<u64>,
    /// FNV-1a over the PC of every instruction.
    pub pc_fnv64: Hex,
    /// FNV-1a over PC, ACC, B, PSW, SP and DPTR before every instruction.
    pub cpu_fnv64: Hex,
    /// The processor at the end, if it ran.
    pub final_cpu: Option<CpuRow>,
}

/// What a processor without the original's defects does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HardwareResult {
    /// Whether the transaction is accepted.
    pub ok: bool,
    /// What the VM returns.
    pub vm_return: i64,
    /// XDATA 0xEFFD at the end.
    pub exit_byte: u8,
    /// The step counter at the end.
    pub final_step: i64,
    /// The data afterwards.
    pub final_db: Vec<(Hex, Hex, Hex)>,
    /// The output records asked for.
    pub outputs: Vec<Hex>,
    /// The app fund records asked for.
    pub app_ops: Vec<Hex>,
}

/// Bytes, written as lower-case hex digits.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hex(pub Vec<u8>);

impl Hex {
    /// The bytes as an array, if there are exactly `N`.
    #[must_use]
    pub fn array<const N: usize>(&self) -> Option<[u8; N]> {
        self.0.as_slice().try_into().ok()
    }
}

impl<T: Into<Vec<u8>>> From<T> for Hex {
    fn from(bytes: T) -> Self {
        Hex(bytes.into())
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text)
            .map(Hex)
            .map_err(serde::de::Error::custom)
    }
}
