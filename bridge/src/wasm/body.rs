//! The metered form of one function; see `instrument` for its shape.

use super::code::Code;
use super::facts::Shape;
use super::instrument::Added;
use super::outline::{Kind, Mark, Outline};
use abi::Schedule;
use std::ops::Range;
use wasm_encoder::{Encode, ValType};

/// What every active call takes of the stack, before its values, in bytes.
pub(super) const FRAME_BASE: u32 = 64;
/// What each local and each operand takes of the stack, in bytes.
pub(super) const FRAME_VALUE: u32 = 8;

/// A short loop is written out for this many rounds at most.
const ROUNDS_MAX: usize = 16;
/// The rounds that are written out are together no longer than this, in bytes.
const ROUNDS_SIZE: usize = 1024;
/// What all loops of a module may grow by in this way: half the module and [`COPIES_LEAST`], at most
/// [`COPIES_MOST`] bytes. So it stays in proportion to what was paid for at deployment.
const COPIES_LEAST: usize = 512;
const COPIES_MOST: usize = 32768;

/// The level of `$broke`: how many labels are open inside of it, itself included.
const BROKE: u32 = 1;
/// The level of `$body`, which stands where the function's own label stood.
const BODY: u32 = 2;

/// The byte of `block`.
const BLOCK: u8 = 0x02;

/// So many operators take a byte of the stack. Compiled code may keep a value in its frame that WebAssembly computes
/// twice, so native frames follow the length of a function too.
pub(super) const FRAME_OPERATORS: u32 = 4;

/// What an active call of a function takes of the stack, in bytes.
const fn frame(shape: &Shape) -> i32 {
    let values = FRAME_VALUE * (shape.locals + shape.operands);
    (FRAME_BASE + values + shape.operators / FRAME_OPERATORS).cast_signed()
}

/// What the functions of a module share while they are metered one after the other.
pub(super) struct Bodies {
    /// The last metered body.
    out: Vec<u8>,
    labels: Vec<Label>,
    /// What loops may still grow by, in bytes.
    room: usize,
    /// What preparing the code so far costs.
    entry: u64,
}

impl Bodies {
    /// Those of a module of `size` bytes, none of which is metered yet.
    pub(super) fn new(size: usize) -> Self {
        Bodies {
            out: Vec::new(),
            labels: Vec::new(),
            room: (COPIES_LEAST + size / 2).min(COPIES_MOST),
            entry: 0,
        }
    }

    /// What preparing the code costs, in gas.
    pub(super) const fn entry(&self) -> u64 {
        self.entry
    }

    /// A function's body, its locals included, with all that metering adds. `bytes` is the body as it was.
    pub(super) fn metered(
        &mut self,
        bytes: &[u8],
        shape: &Shape,
        added: Added,
        costs: &Schedule,
    ) -> &[u8] {
        let locals = u64::from(costs.wasm.local) * u64::from(shape.locals - shape.params);
        let Bodies {
            out,
            labels,
            room,
            entry,
        } = self;
        out.clear();
        let (left, here) = (shape.locals, shape.locals + 1);
        let (gas, stack) = (added.gas, added.stack());

        (shape.groups + 1 + u32::from(shape.calls)).encode(out);
        out.extend_from_slice(bytes.get(shape.declared.clone()).unwrap_or_default());
        1u32.encode(out);
        ValType::I64.encode(out);
        if shape.calls {
            1u32.encode(out);
            ValType::I32.encode(out);
        }

        let result = shape.result.and_then(|ty| ValType::try_from(ty).ok());
        let mut code = Code(out);
        code.block(None);
        code.block(result);
        let broke = BODY - BROKE;
        code.global_get(gas).local_tee(left);
        code.i64_const(0).i64_lt_s().br_if(broke);
        if shape.calls {
            code.global_get(stack).i32_const(frame(shape)).i32_sub();
            code.local_tee(here).global_set(stack);
            code.local_get(here).i32_const(0).i32_lt_s().br_if(broke);
        }

        let function = Label {
            level: BODY,
            kind: Target::Settled,
            owed: Some(0),
            otherwise: None,
        };
        labels.clear();
        labels.push(function);
        let mut writer = Writer {
            out,
            bytes,
            outline: &shape.outline,
            room,
            added,
            left,
            level: BODY,
            labels,
            owed: Some(locals),
            copied: shape.declared.len(),
            entry: 0,
        };
        writer.run(0..shape.outline.marks.len(), shape.declared.end);
        let copied = writer.copied;
        *entry += writer.entry;

        let mut code = Code(out);
        code.local_get(left).global_set(gas);
        if shape.calls {
            code.local_get(here).i32_const(frame(shape)).i32_add();
            code.global_set(stack);
        }
        code.return_().end();
        code.local_get(left).global_set(gas).unreachable().end();
        let added = out.len().saturating_sub(copied) as u64;
        *entry += added.div_ceil(4) * u64::from(costs.entry.added);
        out
    }
}

/// What can be done on the way to a label.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Target {
    /// The start of a loop: the gas must not have run out, and is shown.
    Loop,
    /// Nothing: all is paid before the branch.
    Settled,
    /// What the way owes more than the first one is paid.
    Free,
}

/// A label of the function, the innermost being the last.
struct Label {
    /// Its level in the metered code.
    level: u32,
    kind: Target,
    /// What is owed where it leads to, once something does.
    owed: Option<u64>,
    /// What is owed where an `if` is not taken that has no `else` so far.
    otherwise: Option<u64>,
}

impl Label {
    /// What is to be paid on a way to the label on which `owed` is owed.
    fn surplus(&mut self, owed: u64) -> i64 {
        let may_owe = if self.kind == Target::Settled {
            0
        } else {
            owed
        };
        owed.cast_signed() - self.owed.get_or_insert(may_owe).cast_signed()
    }
}

/// Writes the operators of a function with their charges.
struct Writer<'a> {
    out: &'a mut Vec<u8>,
    bytes: &'a [u8],
    outline: &'a Outline,
    /// What loops may still grow by.
    room: &'a mut usize,
    added: Added,
    /// The local that holds what is left of the gas before what is owed is paid.
    left: u32,
    /// How many labels are open in the metered code.
    level: u32,
    labels: &'a mut Vec<Label>,
    /// What the operators up to here have cost that is not paid yet; `None` where no way leads to.
    owed: Option<u64>,
    /// How many bytes of the output are the function's own.
    copied: usize,
    /// What preparing the operators up to here costs.
    entry: u64,
}

/// A loop that is written out several times.
struct Rounds<'a> {
    start: &'a Mark,
    /// The marks between its start and its end.
    inside: Range<usize>,
    end: &'a Mark,
    settled: bool,
    count: usize,
}

impl<'a> Writer<'a> {
    /// Writes the code from `at` to the end of the last of `marks`, which is returned.
    fn run(&mut self, marks: Range<usize>, mut at: usize) -> usize {
        let outline = self.outline;
        let mut next = marks.start;
        while let Some(mark) = outline.marks.get(next).filter(|_| next < marks.end) {
            self.plain(at, mark);
            (next, at) = match self.rounds(next) {
                Some(rounds) => {
                    self.write_out(&rounds);
                    (rounds.inside.end + 1, rounds.end.end)
                }
                None => {
                    self.operator(mark);
                    (next + 1, mark.end)
                }
            };
        }
        at
    }

    /// Writes the plain operators from `at` to a mark, and owes them and the mark's own.
    fn plain(&mut self, at: usize, mark: &Mark) {
        self.copy(at..mark.start);
        self.owed = self.owed.map(|owed| owed + mark.cost);
        self.entry += mark.entry;
    }

    fn copy(&mut self, range: Range<usize>) {
        self.copied += range.len();
        self.out
            .extend_from_slice(self.bytes.get(range).unwrap_or_default());
    }

    fn operator(&mut self, mark: &Mark) {
        let raw = mark.start..mark.end;
        match mark.kind {
            Kind::Block { settled } => {
                self.copy(raw);
                self.open(settled, None);
            }
            Kind::If { settled } => {
                self.copy(raw);
                self.open(settled, self.owed);
            }
            Kind::Loop { settled, .. } => {
                if settled {
                    self.settle();
                }
                self.copy(raw);
                self.open_label(Target::Loop, self.owed, None);
            }
            Kind::Else => {
                self.arrive();
                self.copy(raw);
                self.owed = self
                    .labels
                    .last_mut()
                    .and_then(|block| block.otherwise.take());
            }
            Kind::End => self.end(),
            Kind::Br(depth) => self.branch(depth),
            Kind::BrIf(depth) => self.branch_if(depth),
            Kind::BrTable { first, count } => self.branch_table(first..first + count),
            Kind::Return => self.branch(self.labels.len() as u32 - 1),
            Kind::Unreachable => {
                self.show();
                self.copy(raw);
                self.owed = None;
            }
            Kind::Call => {
                self.show();
                self.copy(raw);
                self.fetch();
            }
            Kind::Grow => self.call(self.added.grow()),
            Kind::Fill => self.call(self.added.fill()),
            Kind::Copy => self.call(self.added.copy()),
        }
    }

    fn open(&mut self, settled: bool, otherwise: Option<u64>) {
        let kind = if settled {
            Target::Settled
        } else {
            Target::Free
        };
        self.open_label(kind, None, otherwise);
    }

    fn open_label(&mut self, kind: Target, owed: Option<u64>, otherwise: Option<u64>) {
        self.level += 1;
        self.labels.push(Label {
            level: self.level,
            kind,
            owed,
            otherwise,
        });
    }

    /// Pays where code falls through to the end of the innermost block.
    fn arrive(&mut self) {
        let owed = self.owed.zip(self.labels.last_mut());
        let surplus = owed.map_or(0, |(owed, block)| block.surplus(owed));
        self.pay(surplus);
    }

    fn end(&mut self) {
        let Some(block) = self.labels.last_mut() else {
            return;
        };
        if block.kind != Target::Loop {
            // Nothing can be paid where an `if` is not taken, so what its other ways owe is made equal to that.
            let otherwise = block.otherwise;
            otherwise.map(|owed| block.surplus(owed));
            self.arrive();
            let paid = otherwise.zip(self.labels.last_mut());
            let surplus = paid.map_or(0, |(owed, block)| block.surplus(owed));
            if surplus != 0 {
                self.code().else_();
                self.pay(surplus);
            }
            self.owed = self.labels.last().and_then(|block| block.owed);
        }
        self.labels.pop();
        self.level -= 1;
        self.code().end();
    }

    /// The index of the label that a branch of `depth` leads to.
    fn target(&self, depth: u32) -> usize {
        self.labels.len().saturating_sub(1 + depth as usize)
    }

    /// The depth of a label in the metered code, its kind, and what must be paid on the way to it from here.
    fn way(&mut self, label: usize) -> (u32, Target, i64) {
        let (level, owed) = (self.level, self.owed);
        self.labels
            .get_mut(label)
            .map_or((0, Target::Free, 0), |label| {
                let surplus = owed.map_or(0, |owed| label.surplus(owed));
                (level - label.level, label.kind, surplus)
            })
    }

    fn branch(&mut self, depth: u32) {
        let (depth, kind, surplus) = self.way(self.target(depth));
        if kind == Target::Loop {
            self.around(depth, surplus);
        } else {
            self.pay(surplus);
            self.code().br(depth);
        }
        self.owed = None;
    }

    fn branch_if(&mut self, depth: u32) {
        let (depth, kind, surplus) = self.way(self.target(depth));
        match kind {
            Target::Settled => {
                self.settle();
                self.code().br_if(depth);
            }
            Target::Free if surplus == 0 => {
                self.code().br_if(depth);
            }
            Target::Free => {
                self.code().if_();
                self.pay(surplus);
                self.code().br(depth + 1).end();
            }
            Target::Loop => {
                self.code().if_();
                self.level += 1;
                self.around(depth + 1, surplus);
                self.level -= 1;
                self.code().end();
            }
        }
    }

    fn branch_table(&mut self, targets: Range<usize>) {
        let targets = self.outline.targets.get(targets).unwrap_or_default();
        let ways: Vec<_> = targets
            .iter()
            .map(|depth| self.way(self.target(*depth)))
            .collect();
        self.settle();
        if ways.iter().any(|(_, kind, _)| *kind == Target::Loop) {
            let (gas, left) = (self.added.gas, self.left);
            let broke = self.level - BROKE;
            let mut code = self.code();
            code.local_get(left).global_set(gas);
            code.local_get(left).i64_const(0).i64_lt_s().br_if(broke);
        }
        self.code().br_table(ways.iter().map(|(depth, ..)| *depth));
        self.owed = None;
    }

    /// Goes around a loop, after a look at what is left of the gas once `surplus` is paid.
    fn around(&mut self, depth: u32, surplus: i64) {
        let (gas, left) = (self.added.gas, self.left);
        let broke = self.level - BROKE;
        let mut code = self.code();
        code.local_get(left).i64_const(surplus).i64_sub();
        code.local_tee(left).global_set(gas);
        code.local_get(left).i64_const(0).i64_ge_s().br_if(depth);
        code.br(broke);
    }

    /// The rounds of the loop that starts with the mark `at`, if it is written out: at most so many, as there is room.
    fn rounds(&self, at: usize) -> Option<Rounds<'a>> {
        let start = self.outline.marks.get(at)?;
        let Kind::Loop {
            settled,
            busy: false,
            last,
        } = start.kind
        else {
            return None;
        };
        let end = self.outline.marks.get(last)?;
        let size = (end.start - start.end).max(1);
        let count = (ROUNDS_SIZE / size).min(ROUNDS_MAX);
        (count > 1 && size <= *self.room).then_some(Rounds {
            start,
            inside: at + 1..last,
            end,
            settled,
            count,
        })
    }

    /// Writes a loop as several rounds, each a block that a branch to the loop leaves for the next one, with one
    /// payment after the last.
    fn write_out(&mut self, rounds: &Rounds<'a>) {
        let Rounds { start, end, .. } = *rounds;
        let entered = self.owed;
        self.out.push(BLOCK);
        self.copy(start.start + 1..start.end);
        self.code().loop_();
        self.level += 2;
        let around = self.level;
        let mut after = Label {
            level: around - 1,
            kind: Target::Free,
            owed: self.owed_after(rounds.inside.end),
            otherwise: None,
        };
        for round in 0..rounds.count {
            let before = self.out.len();
            self.code().block(None);
            self.open(rounds.settled, None);
            let at = self.run(rounds.inside.clone(), start.end);
            self.plain(at, end);
            if let Some(owed) = self.owed {
                let surplus = after.surplus(owed);
                self.pay(surplus);
            }
            let exit = self.level - after.level;
            self.code().br(exit).end();
            self.level -= 1;
            self.owed = self.labels.pop().and_then(|round| round.owed);
            let size = self.out.len() - before;
            if round > 0 {
                *self.room = self.room.saturating_sub(size);
            }
            if self.owed.is_none() || size > *self.room {
                break;
            }
        }
        if let Some((owed, entered)) = self.owed.zip(entered) {
            let surplus = owed.cast_signed() - entered.cast_signed();
            self.around(self.level - around, surplus);
        }
        self.level -= 2;
        self.code().end().unreachable().end();
        self.owed = after.owed;
    }

    /// What is best owed after the end of a loop: if the block around it ends there as well, what is owed there.
    fn owed_after(&self, last: usize) -> Option<u64> {
        let [end, next] = self.outline.marks.get(last..last + 2)? else {
            return None;
        };
        let both_end = next.start == end.end && next.kind == Kind::End;
        let around = self.labels.last()?;
        around
            .owed
            .filter(|_| both_end && around.kind != Target::Loop)
    }

    fn code(&mut self) -> Code<'_> {
        Code(self.out)
    }

    /// Takes `amount` off what is left.
    fn pay(&mut self, amount: i64) {
        if amount != 0 {
            let left = self.left;
            let mut code = self.code();
            code.local_get(left).i64_const(amount).i64_sub();
            code.local_set(left);
        }
    }

    /// Pays all that is owed.
    fn settle(&mut self) {
        if let Some(owed) = self.owed {
            self.pay(owed.cast_signed());
            self.owed = Some(0);
        }
    }

    /// Calls one of our own functions in place of an operator.
    fn call(&mut self, function: u32) {
        self.show();
        self.code().call(function);
        self.fetch();
    }

    /// Shows what is left of the gas to what is called, or to the host.
    fn show(&mut self) {
        let (gas, left) = (self.added.gas, self.left);
        let owed = self.owed.unwrap_or(0).cast_signed();
        let mut code = self.code();
        code.local_get(left);
        if owed != 0 {
            code.i64_const(owed).i64_sub();
        }
        code.global_set(gas);
    }

    /// Takes over what a call has left of the gas.
    fn fetch(&mut self) {
        let (gas, left) = (self.added.gas, self.left);
        self.code().global_get(gas).local_set(left);
        self.owed = self.owed.map(|_| 0);
    }
}
