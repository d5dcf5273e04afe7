//! What metering needs to know of the code: its [`Outline`], taken down while the code is checked.

use std::ops::Range;
use wasmparser::{BlockType, BrTable, Operator};

/// An operator that metering looks at, with the plain operators before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where the operator starts in the body, in bytes; what lies between the mark before it and here is plain.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Its price with that of the plain operators before it, in gas.
    pub(super) cost: u64,
    /// What preparing it costs, with the plain operators before it, in gas.
    pub(super) entry: u64,
    pub(super) kind: Kind,
}

/// The operators that metering looks at. A label is *settled* if no code can be put on the way to it: a
/// `br_table` leads there, or a branch takes a value along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Block {
        settled: bool,
    },
    Loop {
        settled: bool,
        /// A call or another loop is inside.
        busy: bool,
        /// The mark of its end.
        last: usize,
    },
    If {
        settled: bool,
    },
    Else,
    End,
    /// `br` of this depth.
    Br(u32),
    /// `br_if` of this depth.
    BrIf(u32),
    /// `br_table` with `count` of the outline's targets from `first` on, its default being the last.
    BrTable {
        first: usize,
        count: usize,
    },
    Return,
    Unreachable,
    /// `call` and `call_indirect`.
    Call,
    Grow,
    Fill,
    Copy,
}

/// The marks of a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outline {
    pub(super) marks: Vec<Mark>,
    /// The depths that `br_table`s name.
    pub(super) targets: Vec<u32>,
    /// The marks of the blocks that are open.
    open: Vec<usize>,
    /// Those of them that are loops.
    loops: Vec<usize>,
    /// The price of the plain operators since the last mark.
    plain: u64,
    /// What preparing them costs.
    entry: u64,
}

impl Outline {
    /// Begins with the next function.
    pub(super) fn clear(&mut self) {
        self.marks.clear();
        self.targets.clear();
        self.open.clear();
        self.loops.clear();
        self.plain = 0;
        self.entry = 0;
    }

    /// Takes down `operator`, which is valid, costs `price` when it runs and `entry` when it is prepared, and lies
    /// at `place` in the body.
    pub(super) fn note(
        &mut self,
        operator: &Operator<'_>,
        price: u32,
        entry: u64,
        place: Range<u64>,
    ) {
        self.plain += u64::from(price);
        self.entry += entry;
        let settled = |ty: &BlockType| *ty != BlockType::Empty;
        let kind = match operator {
            Operator::Block { blockty } => Kind::Block {
                settled: settled(blockty),
            },
            Operator::Loop { .. } => Kind::Loop {
                settled: false,
                busy: false,
                last: 0,
            },
            Operator::If { blockty } => Kind::If {
                settled: settled(blockty),
            },
            Operator::Else => Kind::Else,
            Operator::End => Kind::End,
            Operator::Br { relative_depth } => Kind::Br(*relative_depth),
            Operator::BrIf { relative_depth } => Kind::BrIf(*relative_depth),
            Operator::BrTable { targets } => self.table(targets),
            Operator::Return => Kind::Return,
            Operator::Unreachable => Kind::Unreachable,
            Operator::Call { .. } | Operator::CallIndirect { .. } => Kind::Call,
            Operator::MemoryGrow { .. } => Kind::Grow,
            Operator::MemoryFill { .. } => Kind::Fill,
            Operator::MemoryCopy { .. } => Kind::Copy,
            _ => return,
        };
        self.nest(kind);
        self.marks.push(Mark {
            start: place.start as usize,
            end: place.end as usize,
            cost: std::mem::take(&mut self.plain),
            entry: std::mem::take(&mut self.entry),
            kind,
        });
    }

    /// Notes in the marks of the blocks around what the next mark means for them.
    fn nest(&mut self, kind: Kind) {
        let next = self.marks.len();
        match kind {
            Kind::Block { .. } | Kind::If { .. } => self.open.push(next),
            Kind::Loop { .. } => {
                self.open.push(next);
                self.loops.push(next);
            }
            Kind::End => {
                let block = self.open.pop();
                if let Some(Kind::Loop { last, .. }) = block.and_then(|at| self.kind(at)) {
                    *last = next;
                    self.loops.pop();
                    self.busy();
                }
            }
            Kind::Call | Kind::Grow | Kind::Fill | Kind::Copy => self.busy(),
            _ => {}
        }
    }

    /// A call or a loop stands in the innermost loop around here.
    fn busy(&mut self) {
        let around = self.loops.last().copied();
        if let Some(Kind::Loop { busy, .. }) = around.and_then(|at| self.kind(at)) {
            *busy = true;
        }
    }

    /// Takes down the targets of a `br_table`, whose labels are settled by it.
    fn table(&mut self, table: &BrTable<'_>) -> Kind {
        let first = self.targets.len();
        self.targets.extend(table.targets().flatten());
        self.targets.push(table.default());
        for target in first..self.targets.len() {
            let depth = self.targets.get(target).map_or(0, |depth| *depth as usize);
            let block = self.open.iter().rev().nth(depth).copied();
            if let Some(
                Kind::Block { settled } | Kind::Loop { settled, .. } | Kind::If { settled },
            ) = block.and_then(|at| self.kind(at))
            {
                *settled = true;
            }
        }
        let count = self.targets.len() - first;
        Kind::BrTable { first, count }
    }

    fn kind(&mut self, mark: usize) -> Option<&mut Kind> {
        self.marks.get_mut(mark).map(|mark| &mut mark.kind)
    }
}
