//! The contracts of a call under way, and what the driver tells of them.

use super::tree::{IMAGES_MAX, Key};
use super::{Active, Function, Profile, Starts};
use crate::engine::{EngineId, Module};
use crate::meter::Usage;
use crate::observer::{CallObserver, HostCall};
use crate::world::{Entered, FrameEnd};
use core::ops::ControlFlow::{self, Continue};
use emu8051::Observer;
use hostapi::RegId;

/// The most runs of a transaction whose inputs are looked at.
const SELECTORS_MAX: usize = 1 << 12;

/// A function under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) node: u32,
    pub(super) key: Key,
    /// On the 8051, 1 more than the stack pointer on its first instruction; 0 of the first function.
    pub(super) sp: u16,
    /// The frame's gas when it was called.
    pub(super) gas: u64,
    /// Whether what it took is kept already.
    pub(super) is_sampled: bool,
}

/// [`Open::sp`] of a function that begins with that stack pointer.
#[inline(always)]
pub(super) const fn above(sp: u8) -> u16 {
    sp as u16 + 1
}

/// A contract under way.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) image: u16,
    pub(super) engine: EngineId,
    /// The node that it runs below.
    base: u32,
    /// The functions under way, the newest one last.
    pub(super) stack: Vec<Open>,
    /// What of its use is told.
    pub(super) cycles: u64,
    pub(super) steps: u64,
    pub(super) gas: u64,
}

impl Frame {
    pub(super) const fn new(image: u16, engine: EngineId, base: u32) -> Frame {
        Frame {
            image,
            engine,
            base,
            stack: Vec::new(),
            cycles: 0,
            steps: 0,
            gas: 0,
        }
    }
}

impl Profile {
    /// A contract is entered; the outermost one has no id here.
    pub(crate) fn enter(&mut self, contract: Option<RegId>, module: &dyn Module) {
        if contract.is_none() && std::mem::take(&mut self.entered) {
            // A run after the first of a transaction: it was told with its contract.
            self.price_by(module);
            return;
        }
        self.entered = contract.is_some();
        let image = self.image_of(contract);
        if contract.is_none() {
            // A new call: the last one may have been given up.
            self.waiting.clear();
            self.current = 0;
            self.tree.nodes[0].calls += 1;
            self.price_by(module);
        }
        let frame = Frame::new(image, module.engine(), self.current);
        let caller = std::mem::replace(&mut self.frame, frame);
        if contract.is_some() {
            self.waiting.push(caller);
        }
    }

    /// Takes over what a run of `module` is counted by.
    fn price_by(&mut self, module: &dyn Module) {
        let prices = &module.rules().schedule.general;
        self.gas_per_cycle = prices.gas_per_cycle;
        self.gas_per_step = prices.gas_per_step;
    }

    /// The image of a contract: the same each time.
    fn image_of(&mut self, contract: Option<RegId>) -> u16 {
        let known = self.contracts.iter().position(|known| *known == contract);
        let image = known.unwrap_or(self.contracts.len());
        if known.is_some() || image >= usize::from(IMAGES_MAX) {
            return image.min(usize::from(IMAGES_MAX) - 1) as u16;
        }
        self.contracts.push(contract);
        let starts = contract.and_then(|id| self.known_starts.get(&id));
        self.starts
            .push(starts.cloned().unwrap_or_else(|| Starts::of([])));
        image as u16
    }

    /// A run of the transaction has this input.
    pub(crate) fn select(&mut self, input: &[u8]) {
        if self.selectors.len() < SELECTORS_MAX {
            self.selectors.push(input.first().copied());
        }
    }

    /// Its entry is paid, and its first instruction comes next.
    pub(crate) fn begin(&mut self, usage: Usage) {
        self.entered = false;
        let base = self.frame.base;
        if usage.gas.0 != self.frame.gas {
            self.current = self.tree.call(base, Key::of(Function::Entry));
            self.reach(usage);
        }
        self.current = base;
        if self.frame.engine == EngineId::Mcs51 {
            self.open(Key::code(self.frame.image, 0), 0);
        }
    }

    /// A function begins.
    #[inline(always)]
    pub(super) fn open(&mut self, key: Key, sp: u16) {
        let node = self.tree.call(self.current, key);
        self.current = node;
        let gas = if self.samples.is_some() {
            self.gas_now()
        } else {
            0
        };
        self.frame.stack.push(Open {
            node,
            key,
            sp,
            gas,
            is_sampled: false,
        });
    }

    /// The newest function ends.
    #[inline(always)]
    pub(super) fn close(&mut self) {
        if let Some(open) = self.frame.stack.pop() {
            if self.samples.is_some() && !open.is_sampled {
                self.sample(&open);
            }
            self.current = self.frame.stack.last().map_or(self.frame.base, |o| o.node);
        }
    }

    /// The gas of the running frame up to now.
    pub(super) fn gas_now(&self) -> u64 {
        let run = self.gas_of(self.cycles, self.steps);
        self.frame.gas.wrapping_add(run)
    }

    #[cold]
    fn sample(&mut self, open: &Open) {
        let gas = self.gas_now().wrapping_sub(open.gas);
        if let Some(samples) = &mut self.samples {
            samples.add(open.key.alone(), gas);
        }
    }

    /// The running frame has used that much: what of it is not told yet is the current function's.
    pub(super) fn reach(&mut self, usage: Usage) {
        let frame = &mut self.frame;
        let cycles = usage.cycles.0.wrapping_sub(frame.cycles);
        let steps = usage.instructions.0.wrapping_sub(frame.steps);
        let prices = (self.gas_per_cycle, self.gas_per_step);
        let by_cycles = cycles.wrapping_mul(prices.0);
        let run = by_cycles.wrapping_add(steps.wrapping_mul(prices.1));
        let gas = usage.gas.0.wrapping_sub(frame.gas).wrapping_sub(run);
        let node = &mut self.tree.nodes[self.current as usize];
        node.cycles = node.cycles.wrapping_add(cycles);
        node.steps = node.steps.wrapping_add(steps);
        node.gas = node.gas.wrapping_add(gas);
        frame.cycles = usage.cycles.0;
        frame.steps = usage.instructions.0;
        frame.gas = usage.gas.0;
        self.gas = 0;
    }

    /// The call has ended.
    pub(crate) fn end(&mut self, usage: Usage) {
        self.reach(usage);
        self.last = self.under_way();
        self.close_all();
    }

    fn close_all(&mut self) {
        while !self.frame.stack.is_empty() {
            self.close();
        }
    }

    /// The functions under way in the running frame, the newest one first.
    fn under_way(&self) -> Vec<Active> {
        let open = self.frame.stack.iter().rev();
        open.map(|open| Active {
            function: open.key.function(),
            site: open.key.site(),
        })
        .collect()
    }
}

impl Observer for Profile {
    fn wants_instructions(&self) -> bool {
        false
    }
}

impl CallObserver for Profile {
    fn host_call(&mut self, call: &HostCall<'_>) -> ControlFlow<()> {
        self.reach(call.usage);
        let key = Key::of(Function::Host(call.method));
        let sp = call.machine.map_or(0, |machine| above(machine.cpu.sp()));
        match self.frame.stack.last().copied() {
            // The call or jump that led to the host's address has been told.
            Some(open) if open.key.alone() == self.apicall() => {
                self.frame.stack.pop();
                let site = open.key.site();
                self.open(site.map_or(key, |site| key.from(site)), open.sp);
            }
            _ => self.open(key, sp),
        }
        Continue(())
    }

    fn charged(&mut self, usage: Usage) {
        self.reach(usage);
        if self.frame.engine == EngineId::Wasm {
            self.close();
        } else if let Some(open) = self.frame.stack.last_mut() {
            // The return from the host's address is still to come, and no part of the method's price.
            open.is_sampled = true;
            let open = *open;
            self.sample(&open);
        }
    }

    fn entered(&mut self, frame: &Entered) {
        self.enter(Some(frame.contract), &*frame.module);
    }

    fn left(&mut self, end: &FrameEnd) {
        self.reach(end.usage);
        self.close_all();
        let Some(caller) = self.waiting.pop() else {
            return;
        };
        self.current = self.frame.base;
        self.frame = caller;
        // It is among what its caller has used from now on.
        let frame = &mut self.frame;
        frame.cycles = frame.cycles.wrapping_add(end.usage.cycles.0);
        frame.steps = frame.steps.wrapping_add(end.usage.instructions.0);
        frame.gas = frame.gas.wrapping_add(end.usage.gas.0);
    }

    fn profile(&mut self) -> Option<&mut Profile> {
        Some(self)
    }
}
