//! The metered form of one function; see `instrument` for its shape.

use super::costs::{Costs, class};
use super::instrument::Added;
use super::validate::{Refusal, Shape};
use wasm_encoder::reencode::{Reencode, RoundtripReencoder};
use wasm_encoder::{BlockType, Function, InstructionSink, ValType};
use wasmparser::{FunctionBody, Operator};

/// What every active call takes of the stack, before its values, in bytes.
pub(super) const FRAME_BASE: u32 = 64;
/// What each local and each operand takes of the stack, in bytes.
pub(super) const FRAME_VALUE: u32 = 8;

/// What an active call of a function takes of the stack, in bytes.
const fn frame(shape: &Shape) -> u32 {
    FRAME_BASE + FRAME_VALUE * (shape.locals + shape.operands)
}

/// The body of a function, its locals included, with all that metering adds.
///
/// # Errors
/// None for a valid module: only those of reading it once more.
pub(super) fn metered(
    body: &FunctionBody<'_>,
    shape: &Shape,
    added: Added,
    costs: &Costs,
) -> Result<Vec<u8>, Refusal> {
    let mut same = RoundtripReencoder;
    let mut locals = Vec::new();
    for group in body.get_locals_reader()? {
        let (count, ty) = group?;
        locals.push((count, same.val_type(ty)?));
    }
    locals.push((1, ValType::I64));
    let result = shape.result.map(|ty| same.val_type(ty)).transpose()?;

    let mut out = Function::new(locals).into_raw_body();
    let left = shape.locals;
    let frame = frame(shape).cast_signed();
    let mut code = InstructionSink::new(&mut out);
    code.block(BlockType::Empty);
    if shape.calls {
        code.global_get(added.stack())
            .i32_const(frame)
            .i32_sub()
            .global_set(added.stack());
        code.global_get(added.stack())
            .i32_const(0)
            .i32_lt_s()
            .br_if(0);
    }
    code.global_get(added.gas).local_set(left);
    code.block(result.map_or(BlockType::Empty, BlockType::Result));

    let entry = u64::from(costs.local) * u64::from(shape.locals - shape.params);
    let mut blocks = Blocks {
        out,
        segment: Vec::new(),
        cost: entry,
        depth: 0,
        open: Vec::new(),
        left,
        added,
    };
    let bytes = body.as_bytes();
    let base = body.range().start;
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let start = operators.original_position() - base;
        let operator = operators.read()?;
        let end = operators.original_position() - base;
        let raw = bytes.get(start as usize..end as usize).unwrap_or_default();
        blocks.cost += class(&operator).map_or(0, |class| u64::from(costs.of(class)));
        blocks.operator(&operator, raw);
    }

    let mut out = blocks.out;
    let mut code = InstructionSink::new(&mut out);
    code.end();
    if shape.calls {
        code.global_get(added.stack())
            .i32_const(frame)
            .i32_add()
            .global_set(added.stack());
    }
    code.return_().end().unreachable().end();
    Ok(out)
}

/// A `block`, `loop` or `if` that is open.
struct Open {
    /// Whether a path other than falling through leads to its `end`.
    joins: bool,
    /// Whether a branch to its label leads back to its start.
    is_loop: bool,
}

/// The writer of basic blocks. A block is kept until it is complete, because its charge comes first.
struct Blocks {
    out: Vec<u8>,
    /// The current basic block, without its charge.
    segment: Vec<u8>,
    /// The price of the current basic block.
    cost: u64,
    /// How many of the function's own blocks were open where the current basic block begins.
    depth: u32,
    open: Vec<Open>,
    /// The local that copies `gas`.
    left: u32,
    added: Added,
}

impl Blocks {
    /// Appends one operator, whose bytes are `raw`, to the current basic block, and ends it where it must.
    fn operator(&mut self, operator: &Operator<'_>, raw: &[u8]) {
        match operator {
            Operator::Return => {
                let body = self.open.len() as u32;
                self.code().br(body);
            }
            Operator::MemoryGrow { .. } => self.call(self.added.grow()),
            Operator::MemoryFill { .. } => self.call(self.added.fill()),
            Operator::MemoryCopy { .. } => self.call(self.added.copy()),
            // The function's own end: the caller closes what it has opened.
            Operator::End if self.open.is_empty() => {}
            _ => self.segment.extend_from_slice(raw),
        }
        match operator {
            Operator::Block { .. } => self.open.push(Open {
                joins: false,
                is_loop: false,
            }),
            Operator::Loop { .. } => {
                self.open.push(Open {
                    joins: false,
                    is_loop: true,
                });
                self.finish();
            }
            Operator::If { .. } => {
                self.open.push(Open {
                    joins: true,
                    is_loop: false,
                });
                self.finish();
            }
            Operator::End => {
                let joins = self.open.pop().is_none_or(|block| block.joins);
                if joins {
                    self.finish();
                }
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                self.target(*relative_depth);
                self.finish();
            }
            Operator::BrTable { targets } => {
                for target in targets.targets().flatten() {
                    self.target(target);
                }
                self.target(targets.default());
                self.finish();
            }
            Operator::Else | Operator::Return | Operator::Unreachable => self.finish(),
            Operator::Call { .. } | Operator::CallIndirect { .. } => self.reload(),
            _ => {}
        }
    }

    fn code(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.segment)
    }

    /// Calls one of our own functions in place of an operator.
    fn call(&mut self, function: u32) {
        self.code().call(function);
        self.reload();
    }

    /// Takes over what a call has left of the gas.
    fn reload(&mut self) {
        let (gas, left) = (self.added.gas, self.left);
        self.code().global_get(gas).local_set(left);
    }

    /// Notes that a branch of `depth` leads to the end of a block.
    fn target(&mut self, depth: u32) {
        let index = self.open.len().checked_sub(1 + depth as usize);
        if let Some(block) = index.and_then(|index| self.open.get_mut(index)) {
            block.joins |= !block.is_loop;
        }
    }

    /// Ends the current basic block: its charge goes before it, and the next one begins.
    fn finish(&mut self) {
        if self.cost > 0 {
            let broke = self.depth + 1;
            let mut code = InstructionSink::new(&mut self.out);
            code.local_get(self.left)
                .i64_const(self.cost.cast_signed())
                .i64_sub();
            code.local_tee(self.left).global_set(self.added.gas);
            code.local_get(self.left)
                .i64_const(0)
                .i64_lt_s()
                .br_if(broke);
        }
        self.out.append(&mut self.segment);
        self.cost = 0;
        self.depth = self.open.len() as u32;
    }
}
