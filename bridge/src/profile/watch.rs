//! The functions of a run as the engines tell of them.

use super::frames::{Open, above};
use super::tree::Key;
use super::{Function, Profile};
use abi::layout::{APICALL, EXIT};
use emu8051::{CallWatch, Cycles, Run, Transfer};

/// The most functions that jump to each other and share a return address.
const TAILS_MAX: usize = 64;

impl Profile {
    /// The host's address, as a function of the running contract.
    #[inline(always)]
    pub(super) const fn apicall(&self) -> Key {
        Key::code(self.frame.image, APICALL)
    }

    /// The current function has run up to here.
    #[inline(always)]
    fn run_to(&mut self, cycles: u64, steps: u64) {
        let node = &mut self.tree.nodes[self.current as usize];
        node.cycles = node.cycles.wrapping_add(cycles - self.cycles);
        node.steps = node.steps.wrapping_add(steps - self.steps);
        self.cycles = cycles;
        self.steps = steps;
    }

    /// Ends the functions whose return address does not lie below that place ([`Open::sp`]); whether there were any.
    #[inline(always)]
    fn unwind(&mut self, sp: u16) -> bool {
        let mut ended = false;
        while self.frame.stack.last().is_some_and(|open| open.sp > sp) {
            self.close();
            ended = true;
        }
        ended
    }

    /// Begins a function of the running contract. The host's addresses get no node: who serves the call has one.
    #[inline(always)]
    fn open_code(&mut self, to: u16, site: u16, sp: u16) {
        let key = Key::code(self.frame.image, to).from(site);
        if to == APICALL || to == EXIT {
            self.open_host(key, sp);
        } else {
            self.open(key, sp);
        }
    }

    #[cold]
    fn open_host(&mut self, key: Key, sp: u16) {
        let node = self.current;
        self.frame.stack.push(Open {
            node,
            key,
            sp,
            gas: 0,
            is_sampled: true,
        });
    }

    /// A jump to the start of another function: it is called, and returns to where the one that jumps would.
    #[inline(never)]
    fn jump(&mut self, jump: &Transfer) {
        self.run_to(jump.cycles.0, jump.steps.0);
        self.unwind(above(jump.sp));
        let key = Key::code(self.frame.image, jump.to);
        let Some(sp) = self.frame.stack.last().map(|open| open.sp) else {
            return;
        };
        let stack = self.frame.stack.iter().rev();
        let mut tails = stack.take_while(|open| open.sp == sp).take(TAILS_MAX);
        match tails.position(|open| open.key.alone() == key) {
            // It is under way already: those that have jumped since are left.
            Some(newer) => (0..newer).for_each(|_| self.close()),
            None => {
                let last = self.frame.stack.iter().rev().nth(TAILS_MAX - 1);
                if last.is_some_and(|open| open.sp == sp) {
                    self.close();
                }
                self.open_code(jump.to, jump.at, above(jump.sp).max(sp));
            }
        }
    }

    /// The 8051 has stopped after that much.
    pub(crate) fn ran(&mut self, run: &Run) {
        self.run_to(run.cycles.0, run.steps.0);
        let gas = self.gas_of(run.cycles.0, run.steps.0);
        let frame = &mut self.frame;
        frame.cycles = frame.cycles.wrapping_add(run.cycles.0);
        frame.steps = frame.steps.wrapping_add(run.steps.0);
        frame.gas = frame.gas.wrapping_add(gas);
        (self.cycles, self.steps) = (0, 0);
    }

    /// An instruction at `at` was executed.
    pub(crate) fn count(&mut self, at: u16, cycles: Cycles) {
        if let Some(counts) = &mut self.counts {
            // That of the caller, where the tree has no room for the function.
            let node = &self.tree.nodes[self.current as usize];
            counts.add(node.key.alone(), at, cycles);
        }
    }

    /// The module's function `index` begins, which has spent so much gas since it was resumed.
    pub(crate) fn entered_function(&mut self, index: u32, spent: u64) {
        self.spend(spent);
        self.open(Key::of(Function::Wasm(self.frame.image, index)), 0);
    }

    /// The newest function of the module ends.
    pub(crate) fn left_function(&mut self, spent: u64) {
        self.spend(spent);
        self.close();
    }

    fn spend(&mut self, spent: u64) {
        let more = spent.wrapping_sub(self.gas);
        let node = &mut self.tree.nodes[self.current as usize];
        node.gas = node.gas.wrapping_add(more);
        self.frame.gas = self.frame.gas.wrapping_add(more);
        self.gas = spent;
    }
}

impl CallWatch for Profile {
    #[inline(always)]
    fn called(&mut self, call: &Transfer) {
        self.run_to(call.cycles.0, call.steps.0);
        // The return address lies at SP and below it: nobody's that reaches there is under way any more.
        self.unwind(u16::from(call.sp.saturating_sub(1)));
        self.starts[usize::from(self.frame.image)].add(call.to);
        self.open_code(call.to, call.at, above(call.sp));
    }

    #[inline(always)]
    fn returned(&mut self, ret: &Transfer) {
        self.run_to(ret.cycles.0, ret.steps.0);
        if !self.unwind(above(ret.sp)) {
            // It took its address from the stack to jump there.
            self.jumped(ret);
        }
    }

    #[inline(always)]
    fn jumped(&mut self, jump: &Transfer) {
        let starts = &self.starts[usize::from(self.frame.image)];
        if starts.has(jump.to) {
            self.jump(jump);
        }
    }
}
