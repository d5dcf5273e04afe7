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
    if shape.calls {
        locals.push((1, ValType::I32));
    }
    let result = shape.result.map(|ty| same.val_type(ty)).transpose()?;

    let mut out = Function::new(locals).into_raw_body();
    let mut code = InstructionSink::new(&mut out);
    code.block(BlockType::Empty);
    code.block(result.map_or(BlockType::Empty, BlockType::Result));

    let bytes = body.as_bytes();
    let base = body.range().start;
    let mut stretches = Stretches {
        text: Vec::with_capacity(2 * bytes.len()),
        stretches: Vec::new(),
        current: 0,
        open: Vec::new(),
        left: shape.locals,
        added,
    };
    stretches.begin(Start::Function);
    stretches.pay(u64::from(costs.local) * u64::from(shape.locals - shape.params));
    let mut operators = body.get_operators_reader()?;
    while !operators.eof() {
        let start = operators.original_position() - base;
        let operator = operators.read()?;
        let end = operators.original_position() - base;
        let raw = bytes.get(start as usize..end as usize).unwrap_or_default();
        stretches.pay(class(&operator).map_or(0, |class| u64::from(costs.of(class))));
        stretches.operator(&operator, raw);
    }
    Ok(stretches.close(out, shape.calls.then(|| frame(shape).cast_signed())))
}

/// A `block`, `loop` or `if` that is open.
struct Open {
    is_loop: bool,
    /// Whether a path other than falling through leads to its `end`.
    joins: bool,
    /// Whether a branch from inside leads out of it, past its `end`.
    escapes: bool,
    /// The stretch that it stands in.
    around: usize,
}

/// What a stretch starts with beside its charge.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    /// The function is entered: the gas is fetched, and the frame taken, if it has one.
    Function,
    /// A loop goes around: the gas must not have run out, and is shown.
    Loop,
    /// A branch was taken or not, or several ways have met.
    Branch,
}

/// Code that runs as a whole or not at all, and is paid for where it starts.
struct Stretch {
    /// Where in the text it starts.
    at: usize,
    starts: Start,
    /// How many of the function's own blocks are open there.
    depth: u32,
    /// Its price.
    cost: u64,
}

/// The stretches of a function.
struct Stretches {
    /// The body without the charges.
    text: Vec<u8>,
    /// In order of where they start.
    stretches: Vec<Stretch>,
    /// The stretch that the next operator belongs to.
    current: usize,
    open: Vec<Open>,
    /// The local that holds what is left of the gas; the local after it holds `stack`, if there is a frame.
    left: u32,
    added: Added,
}

impl Stretches {
    /// Begins a stretch here.
    fn begin(&mut self, starts: Start) {
        self.current = self.stretches.len();
        self.stretches.push(Stretch {
            at: self.text.len(),
            starts,
            depth: self.open.len() as u32,
            cost: 0,
        });
    }

    /// Adds to the price of the current stretch.
    fn pay(&mut self, cost: u64) {
        if let Some(stretch) = self.stretches.get_mut(self.current) {
            stretch.cost += cost;
        }
    }

    /// Opens a `block`, `loop` or `if`.
    fn open(&mut self, is_loop: bool, joins: bool) {
        self.open.push(Open {
            is_loop,
            joins,
            escapes: false,
            around: self.current,
        });
    }

    /// Appends one operator, whose bytes are `raw`, and ends the stretch where it must.
    fn operator(&mut self, operator: &Operator<'_>, raw: &[u8]) {
        match operator {
            Operator::Return => {
                let body = self.open.len() as u32;
                self.code().br(body);
            }
            Operator::Unreachable => {
                self.show();
                self.text.extend_from_slice(raw);
            }
            Operator::MemoryGrow { .. } => self.call(self.added.grow()),
            Operator::MemoryFill { .. } => self.call(self.added.fill()),
            Operator::MemoryCopy { .. } => self.call(self.added.copy()),
            Operator::Call { .. } | Operator::CallIndirect { .. } => {
                self.show();
                self.text.extend_from_slice(raw);
                self.fetch();
            }
            // The function's own end: `close` writes what comes instead.
            Operator::End if self.open.is_empty() => {}
            _ => self.text.extend_from_slice(raw),
        }
        match operator {
            Operator::Block { .. } => self.open(false, false),
            Operator::Loop { .. } => {
                self.open(true, false);
                self.begin(Start::Loop);
            }
            Operator::If { .. } => {
                self.open(false, true);
                self.begin(Start::Branch);
            }
            Operator::End => self.end(),
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth } => {
                self.branch(*relative_depth);
                self.begin(Start::Branch);
            }
            Operator::BrTable { targets } => {
                for target in targets.targets().flatten() {
                    self.branch(target);
                }
                self.branch(targets.default());
                self.begin(Start::Branch);
            }
            Operator::Return => {
                self.branch(self.open.len() as u32);
                self.begin(Start::Branch);
            }
            Operator::Else | Operator::Unreachable => self.begin(Start::Branch),
            _ => {}
        }
    }

    /// Notes a branch of `depth`.
    fn branch(&mut self, depth: u32) {
        // Without a block of that depth it is the function's own, and leads out of all blocks.
        let target = self.open.len().checked_sub(1 + depth as usize);
        for block in self.open.iter_mut().skip(target.map_or(0, |at| at + 1)) {
            block.escapes = true;
        }
        if let Some(block) = target.and_then(|at| self.open.get_mut(at)) {
            block.joins |= !block.is_loop;
        }
    }

    /// Closes the innermost block. Where nothing leads past its end, what follows runs whenever what stands
    /// before it does, and belongs to the same stretch.
    fn end(&mut self) {
        match self.open.pop() {
            Some(block) if !block.escapes => self.current = block.around,
            Some(block) if block.joins => self.begin(Start::Branch),
            _ => {}
        }
    }

    fn code(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(&mut self.text)
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
        self.code().local_get(left).global_set(gas);
    }

    /// Takes over what a call has left of the gas.
    fn fetch(&mut self) {
        let (gas, left) = (self.added.gas, self.left);
        self.code().global_get(gas).local_set(left);
    }

    /// Appends the whole body to `out`: each stretch behind its charge, and what a function does at its end.
    fn close(self, mut out: Vec<u8>, frame: Option<i32>) -> Vec<u8> {
        let (left, here) = (self.left, self.left + 1);
        let (gas, stack) = (self.added.gas, self.added.stack());
        let mut written = 0;
        for stretch in &self.stretches {
            out.extend_from_slice(self.text.get(written..stretch.at).unwrap_or_default());
            written = stretch.at;
            self.charge(stretch, frame, &mut out);
        }
        out.extend_from_slice(self.text.get(written..).unwrap_or_default());

        let mut code = InstructionSink::new(&mut out);
        code.end().local_get(left).global_set(gas);
        if let Some(frame) = frame {
            code.local_get(here).i32_const(frame).i32_add();
            code.global_set(stack);
        }
        code.return_().end();
        code.local_get(left).global_set(gas).unreachable().end();
        out
    }

    /// What a stretch starts with.
    fn charge(&self, stretch: &Stretch, frame: Option<i32>, out: &mut Vec<u8>) {
        let (left, here) = (self.left, self.left + 1);
        let (gas, stack) = (self.added.gas, self.added.stack());
        let broke = stretch.depth + 1;
        let cost = stretch.cost.cast_signed();
        let mut code = InstructionSink::new(out);
        match stretch.starts {
            Start::Branch if cost == 0 => {}
            Start::Branch => {
                code.local_get(left).i64_const(cost).i64_sub();
                code.local_set(left);
            }
            Start::Loop => {
                code.local_get(left).i64_const(cost).i64_sub();
                code.local_tee(left).global_set(gas);
                code.local_get(left).i64_const(0).i64_lt_s().br_if(broke);
            }
            Start::Function => {
                code.global_get(gas).i64_const(cost).i64_sub();
                code.local_tee(left).i64_const(0).i64_lt_s().br_if(broke);
                if let Some(frame) = frame {
                    code.global_get(stack).i32_const(frame).i32_sub();
                    code.local_tee(here).global_set(stack);
                    code.local_get(here).i32_const(0).i32_lt_s().br_if(broke);
                }
            }
        }
    }
}
