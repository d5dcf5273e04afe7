//! [`Profile`]: where a call spends machine cycles, instructions and gas, by function.
//!
//! It is a tree: a node is a function as it was reached by one path of calls, with how often that was and what it
//! spent itself. Calls by an equal path share a node, so the tree grows with the program and not with the run; beyond
//! [`NODES_MAX`] nodes a call is counted as part of its caller, and [`Profile::merged`] says how many were.
//!
//! * On the 8051 the block loop tells of calls, returns and jumps ([`emu8051::run_calls`]). A call pushes, and what
//!   pops is the stack pointer: a return ends every function whose return address lay above it, whichever way it got
//!   there. So nothing that a program does to its stack pairs a return with a wrong call for longer than the stack
//!   says so, and no more functions are under way than the stack has bytes.
//! * A jump to the start of another function is a call that shares its caller's return address (a tail call).
//! * A host call is a leaf, with the price of the method; a contract that is called stands below it.
//! * A WebAssembly module tells of its functions if it was prepared by [`Wasmi::tracing`](crate::Wasmi::tracing).
//!
//! What the nodes spent themselves adds up to what the call used, exactly. Nothing of a profile reaches the run.

mod frames;
mod stepwise;
mod tree;
mod watch;

pub(crate) use stepwise::Stepwise;
pub use tree::NODES_MAX;

use crate::engine::EngineId;
use abi::Gas;
use abi::layout::{APICALL, EXIT};
use emu8051::{Cycles, Steps};
use frames::Frame;
use hostapi::RegId;
use std::collections::BTreeMap;
use tree::{Key, Tree};

/// A function of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// The call as a whole.
    Call,
    /// What the transaction costs before the contract is entered.
    Transaction,
    /// The work before a contract's first instruction, which its entry pays.
    Entry,
    /// A method of the host, by its number.
    Host(u16),
    /// A function of an 8051 contract: [`Profile::contract`] of the image, and its address.
    Code(u16, u16),
    /// A function of a WebAssembly contract: [`Profile::contract`] of the image, and its index among all functions,
    /// imports first.
    Wasm(u16, u32),
}

/// An amount of what a call uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Machine cycles of an 8051.
    pub cycles: Cycles,
    /// Instructions of an 8051.
    pub instructions: Steps,
    /// Gas, before anything is given back.
    pub gas: Gas,
}

impl Spent {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Spent) -> Spent {
        Spent {
            cycles: Cycles(self.cycles.0.wrapping_add(other.cycles.0)),
            instructions: Steps(self.instructions.0.wrapping_add(other.instructions.0)),
            gas: Gas(self.gas.0.wrapping_add(other.gas.0)),
        }
    }

    /// The rest of it without `part`.
    #[must_use]
    pub const fn less(self, part: Spent) -> Spent {
        Spent {
            cycles: Cycles(self.cycles.0.wrapping_sub(part.cycles.0)),
            instructions: Steps(self.instructions.0.wrapping_sub(part.instructions.0)),
            gas: Gas(self.gas.0.wrapping_sub(part.gas.0)),
        }
    }
}

/// A function as one path of calls reached it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// The index of its caller's node, which comes before its own; `None` of the call as a whole.
    pub parent: Option<usize>,
    /// The function.
    pub function: Function,
    /// The address of the instruction that called it, on the 8051.
    pub site: Option<u16>,
    /// How often it was called so.
    pub calls: u64,
    /// What it spent itself.
    pub own: Spent,
}

/// A function under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// The function.
    pub function: Function,
    /// The address of the instruction that called it, on the 8051.
    pub site: Option<u16>,
}

/// The instructions at an address, executed while a function was the newest one under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// The function.
    pub function: Function,
    /// The address.
    pub at: u16,
    /// The machine cycles they took.
    pub cycles: Cycles,
    /// How often they were executed.
    pub instructions: Steps,
}

/// Where a call spends; see the [module](self).
#[derive(Debug)]
pub struct Profile {
    tree: Tree,
    /// The node that spends.
    current: u32,
    /// What the running stretch, from one stop of the engine to the next, has spent up to where `current` is told.
    cycles: u64,
    steps: u64,
    gas: u64,
    /// The contract that runs, and those that wait for it.
    frame: Frame,
    waiting: Vec<Frame>,
    /// Whether a contract was entered that has not begun.
    entered: bool,
    /// The first byte of the input of each run, where there is one.
    selectors: Vec<Option<u8>>,
    /// The functions that were under way when the call ended.
    last: Vec<Active>,
    /// Gas of a machine cycle.
    gas_per_cycle: u64,
    /// Gas of an instruction of an 8051; one of the two is 0.
    gas_per_step: u64,
    /// The contracts by image; the outermost one is not known by an id.
    contracts: Vec<Option<RegId>>,
    /// The starts of functions, by image.
    starts: Vec<Starts>,
    /// Those of contracts that have not been called yet.
    known_starts: BTreeMap<RegId, Starts>,
    counts: Option<Counts>,
    samples: Option<Samples>,
}

impl Default for Profile {
    fn default() -> Self {
        Self::new()
    }
}

impl Profile {
    /// A profile of functions.
    #[must_use]
    pub fn new() -> Profile {
        Profile {
            tree: Tree::new(),
            current: 0,
            cycles: 0,
            steps: 0,
            gas: 0,
            frame: Frame::new(0, EngineId::Mcs51, 0),
            waiting: Vec::new(),
            entered: false,
            selectors: Vec::new(),
            last: Vec::new(),
            gas_per_cycle: 0,
            gas_per_step: 0,
            contracts: vec![None],
            starts: vec![Starts::of([])],
            known_starts: BTreeMap::new(),
            counts: None,
            samples: None,
        }
    }

    /// The same, which counts the instructions of an 8051 at each address as well. Slower, as each is looked at.
    #[must_use]
    pub fn with_counts(self) -> Profile {
        Profile {
            counts: Some(Counts::default()),
            ..self
        }
    }

    /// The same, which keeps what each call of a function took.
    #[must_use]
    pub fn with_samples(self) -> Profile {
        Profile {
            samples: Some(Samples::default()),
            ..self
        }
    }

    /// Names the starts of functions of an 8051 contract, or with `None` of the outermost one: a jump there is a call.
    /// Of those that nobody names, it is one once they have been called.
    pub fn know_starts(&mut self, contract: Option<RegId>, starts: impl IntoIterator<Item = u16>) {
        let starts = Starts::of(starts);
        match contract {
            None => self.starts[0] = starts,
            Some(id) => _ = self.known_starts.insert(id, starts),
        }
    }

    /// Whether instructions are counted.
    pub(crate) fn counts_instructions(&self) -> bool {
        self.counts.is_some()
    }

    /// The contract whose image is the one of that number in a [`Function`]; `None` of the outermost one.
    #[must_use]
    pub fn contract(&self, image: u16) -> Option<RegId> {
        self.contracts.get(usize::from(image)).copied().flatten()
    }

    /// Adds what the transaction costs beside the call.
    pub fn add_transaction(&mut self, gas: Gas) {
        let node = self.tree.call(0, Key::of(Function::Transaction));
        let node = &mut self.tree.nodes[node as usize];
        node.gas = node.gas.wrapping_add(gas.0);
    }

    /// What all nodes spent.
    #[must_use]
    pub fn total(&self) -> Spent {
        let own = self.nodes().map(|node| node.own);
        own.fold(Spent::default(), Spent::and)
    }

    /// The nodes, each behind its caller's; the first is the call as a whole.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = Node> {
        self.tree.nodes.iter().map(|node| Node {
            parent: self.tree.parent(node),
            function: node.key.function(),
            site: node.key.site(),
            calls: node.calls,
            own: Spent {
                cycles: Cycles(node.cycles),
                instructions: Steps(node.steps),
                gas: Gas(self.gas_of(node.cycles, node.steps).wrapping_add(node.gas)),
            },
        })
    }

    /// The calls that were counted as part of their caller, because the tree had no room for them.
    #[must_use]
    pub fn merged(&self) -> u64 {
        self.tree.merged
    }

    /// The first byte of the input of each run of the transaction, in order; called contracts have none here.
    #[must_use]
    pub fn selectors(&self) -> &[Option<u8>] {
        &self.selectors
    }

    /// The functions of the outermost contract that were under way when the call ended, the newest one first.
    #[must_use]
    pub fn stack(&self) -> &[Active] {
        &self.last
    }

    /// The instructions by function and address, where they are [counted](Profile::with_counts), in that order.
    pub fn counts(&self) -> impl Iterator<Item = Count> {
        self.counts.iter().flat_map(Counts::all)
    }

    /// What calls of functions took in gas, what they called included, and how often that was, in order of function
    /// and gas; where it is [kept](Profile::with_samples).
    pub fn samples(&self) -> impl Iterator<Item = (Function, Gas, u64)> {
        let samples = self.samples.iter().flat_map(|samples| &samples.calls);
        samples.map(|((key, gas), calls)| (key.function(), Gas(*gas), *calls))
    }

    /// The calls whose gas was not kept for want of room.
    #[must_use]
    pub fn samples_left_out(&self) -> u64 {
        self.samples.as_ref().map_or(0, |samples| samples.left_out)
    }

    /// The gas of so many machine cycles and instructions of an 8051.
    #[must_use]
    pub fn gas_of(&self, cycles: u64, steps: u64) -> u64 {
        let by_cycles = cycles.wrapping_mul(self.gas_per_cycle);
        by_cycles.wrapping_add(steps.wrapping_mul(self.gas_per_step))
    }
}

/// The most counts of instructions by function and address; beyond it they count at the function's start.
const COUNTS_MAX: usize = 1 << 20;

/// The most amounts of gas by function.
const SAMPLES_MAX: usize = 1 << 18;

/// Counts of instructions: machine cycles and how often.
#[derive(Debug, Default)]
struct Counts(BTreeMap<(Key, u16), (u64, u64)>);

impl Counts {
    fn add(&mut self, key: Key, at: u16, cycles: Cycles) {
        let known = self.0.len() < COUNTS_MAX || self.0.contains_key(&(key, at));
        let at = match key.function() {
            Function::Code(_, start) if !known => start,
            _ => at,
        };
        let count = self.0.entry((key, at)).or_default();
        count.0 = count.0.wrapping_add(cycles.0);
        count.1 += 1;
    }

    fn all(&self) -> impl Iterator<Item = Count> {
        let counts = self.0.iter();
        counts.map(|((key, at), (cycles, times))| Count {
            function: key.function(),
            at: *at,
            cycles: Cycles(*cycles),
            instructions: Steps(*times),
        })
    }
}

/// Amounts of gas by function, and how often they were.
#[derive(Debug, Default)]
struct Samples {
    calls: BTreeMap<(Key, u64), u64>,
    left_out: u64,
}

impl Samples {
    fn add(&mut self, key: Key, gas: u64) {
        if let Some(calls) = self.calls.get_mut(&(key, gas)) {
            *calls += 1;
        } else if self.calls.len() < SAMPLES_MAX {
            self.calls.insert((key, gas), 1);
        } else {
            self.left_out += 1;
        }
    }
}

/// Addresses of CODE, one bit each.
#[derive(Clone)]
struct Starts(Box<[u64; 1024]>);

impl std::fmt::Debug for Starts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count: u32 = self.0.iter().map(|word| word.count_ones()).sum();
        write!(f, "Starts({count})")
    }
}

impl Starts {
    /// These, and those of the host.
    fn of(addresses: impl IntoIterator<Item = u16>) -> Starts {
        let mut starts = Starts(Box::new([0; 1024]));
        for address in addresses.into_iter().chain([APICALL, EXIT]) {
            starts.add(address);
        }
        starts
    }

    #[inline(always)]
    fn add(&mut self, address: u16) {
        self.0[usize::from(address >> 6)] |= 1 << (address & 63);
    }

    #[inline(always)]
    fn has(&self, address: u16) -> bool {
        self.0[usize::from(address >> 6)] & (1 << (address & 63)) != 0
    }
}
