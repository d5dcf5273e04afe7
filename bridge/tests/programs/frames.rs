//! Modules that call without end, with frames of every shape that a module may have: each made from a seed.

use super::module;
use bridge::wasm::ModuleLimits;
use std::fmt;

/// Operands that are left for what a statement computes with.
const SPARE: usize = 4;
/// The places of the locals that statements do not set, after those that they do.
const X: usize = 0;
const SUM: usize = 1;
const LINK: usize = 2;
const ROUNDS: usize = 3;
const FIXED: [Type; 5] = [Type::I64, Type::I64, Type::I64, Type::I32, Type::I32];

/// Operators from i64 to i64.
const LINKS: [&str; 3] = ["i64.clz", "i64.popcnt", "i64.extend8_s"];
/// So many values of a chain are used together.
const GROUP: usize = 16;

/// So many characters take most of the bytes that a body may have.
const LONG: usize = 180_000;

/// Floats are not allowed in a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    I32,
    I64,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Type::I32 { "i32" } else { "i64" })
    }
}

/// Random numbers: splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn ty(&mut self) -> Type {
        self.one_of(&[Type::I32, Type::I64])
    }

    /// Nothing, little, anything or all of `most`.
    fn part(&mut self, most: usize) -> usize {
        match self.below(4) {
            0 => 0,
            1 => self.below(most.min(8) + 1),
            2 => self.below(most + 1),
            _ => most,
        }
    }
}

struct Signature {
    params: Vec<Type>,
    result: Option<Type>,
}

impl Signature {
    fn text(&self) -> String {
        let params: String = self.params.iter().map(|ty| format!(" {ty}")).collect();
        let result = self.result.map(|ty| format!(" (result {ty})"));
        format!("(param{params}){}", result.unwrap_or_default())
    }
}

/// The code of one function as it is written.
struct Body<'a> {
    random: &'a mut Random,
    signatures: &'a [Signature],
    /// How many of the functions, from the last, this one may call in passing: they call none.
    leaves: usize,
    /// Parameters and locals, the fixed ones last.
    locals: Vec<Type>,
    stack: Vec<Type>,
    /// The operands below belong to a block around.
    floor: usize,
    /// The blocks around.
    blocks: usize,
    /// The loops around.
    loops: usize,
    /// Statements that may yet be written.
    left: usize,
    code: String,
}

impl Body<'_> {
    fn op(&mut self, text: impl fmt::Display) {
        self.code += &format!("{text} ");
    }

    fn fixed(&self, place: usize) -> usize {
        self.locals.len() - FIXED.len() + place
    }

    fn room(&self, values: usize) -> bool {
        self.stack.len() + values + SPARE <= ModuleLimits::V1.operands as usize
    }

    /// A local of type `ty` that statements may set.
    fn local(&mut self, ty: Type) -> Option<usize> {
        let many = self.fixed(X);
        let start = self.random.below(many.max(1));
        (start..many)
            .chain(0..start)
            .find(|&at| self.locals[at] == ty)
    }

    /// One value more, of type `ty`.
    fn value(&mut self, ty: Type) {
        let n = self.random.below(2000) + 1;
        let way = self.random.below(5);
        match (way, self.local(ty)) {
            (0, _) => self.op(format_args!("{ty}.const {n}")),
            (1, _) => self.op(format_args!("i32.const {} {ty}.load", 8 * (n % 64))),
            (2 | 3, Some(at)) => self.op(format_args!("local.get {at}")),
            _ => {
                self.op(format_args!("local.get {}", self.fixed(X)));
                if ty == Type::I32 {
                    self.op("i32.wrap_i64");
                }
                let what = self
                    .random
                    .one_of(&["mul", "div_u", "rotl", "xor", "rem_s"]);
                self.op(format_args!("{ty}.const {n} {ty}.{what}"));
            }
        }
        self.stack.push(ty);
    }

    /// Takes the operand on top in, so that it is alive up to here.
    fn consume(&mut self) {
        if self.stack.pop() == Some(Type::I32) {
            self.op("i64.extend_i32_u");
        }
        let sum = self.fixed(SUM);
        self.op(format_args!("local.get {sum} i64.xor local.set {sum}"));
    }

    /// What `inside` writes, in a block that `head` opens; all its operands but the result are taken in.
    fn block(&mut self, head: &str, result: Option<Type>, inside: impl FnOnce(&mut Self)) {
        self.op(head);
        // An `else` goes on with the type of its `if`.
        if let (Some(ty), true) = (result, head != "else") {
            self.op(format_args!("(result {ty})"));
        }
        let floor = std::mem::replace(&mut self.floor, self.stack.len());
        self.blocks += 1;
        inside(self);
        while self.stack.len() > self.floor {
            self.consume();
        }
        if let Some(ty) = result {
            self.value(ty);
            if head == "block" && self.random.below(2) == 0 {
                self.value(Type::I32);
                let jump = self.random.one_of(&["br_if 0", "br_table 0 0 0"]);
                self.op(jump);
                self.stack.pop();
            }
            self.stack.pop();
        }
        self.blocks -= 1;
        self.floor = floor;
    }

    fn end(&mut self, result: Option<Type>) {
        self.op("end");
        self.stack.extend(result);
    }

    fn few(&mut self) {
        for _ in 0..self.random.below(6) {
            self.statement();
        }
    }

    fn result(&mut self) -> Option<Type> {
        let ty = self.random.ty();
        (self.room(1) && self.random.below(3) > 0).then_some(ty)
    }

    fn call(&mut self, to: usize) {
        let Signature { params, result } = &self.signatures[to];
        if !self.room(params.len() + 1) {
            return;
        }
        for ty in params {
            self.value(*ty);
        }
        if self.random.below(3) == 0 {
            self.op(format_args!("i32.const {to} call_indirect (type $t{to})"));
        } else {
            self.op(format_args!("call $f{to}"));
        }
        self.stack.truncate(self.stack.len() - params.len());
        self.stack.extend(*result);
    }

    fn statement(&mut self) {
        if self.code.len() > LONG {
            self.left = 0;
        }
        if self.left == 0 {
            return;
        }
        self.left -= 1;
        let above = &self.stack[self.floor..];
        let (top, below) = match *above {
            [.., below, top] => (Some(top), Some(below)),
            [top] => (Some(top), None),
            [] => (None, None),
        };
        let nested = self.blocks < 200 && self.left > 10;
        match (self.random.below(24), top) {
            (0..=6, _) if self.room(1) => {
                let ty = self.random.ty();
                self.value(ty);
            }
            (7..=9, Some(ty)) if below == top => {
                let what = self.random.one_of(&["add", "sub", "mul", "xor", "shl"]);
                self.op(format_args!("{ty}.{what}"));
                self.stack.pop();
            }
            (10, Some(ty)) if below == top => {
                self.value(Type::I32);
                self.op("select");
                self.stack.truncate(self.stack.len() - 2);
                assert_eq!(self.stack.last(), Some(&ty));
            }
            (10..=12, Some(ty)) => {
                if let Some(at) = self.local(ty) {
                    if self.random.below(2) == 0 {
                        self.op(format_args!("local.tee {at}"));
                    } else {
                        self.op(format_args!("local.set {at}"));
                        self.stack.pop();
                    }
                }
            }
            (13, Some(ty)) => {
                let (text, other) = match ty {
                    Type::I32 => ("i64.extend_i32_s", Type::I64),
                    Type::I64 => ("i32.wrap_i64", Type::I32),
                };
                self.op(text);
                self.stack.pop();
                self.stack.push(other);
            }
            (14, Some(_)) => self.consume(),
            (15, _) => {
                let (ty, at) = (self.random.ty(), 8 * self.random.below(64));
                self.op(format_args!("i32.const {at}"));
                self.stack.push(Type::I32);
                self.value(ty);
                self.op(format_args!("{ty}.store"));
                self.stack.truncate(self.stack.len() - 2);
            }
            (16 | 17, _) if nested => {
                let result = self.result();
                self.block("block", result, Self::few);
                self.end(result);
            }
            (18, _) if nested => {
                let result = self.result();
                self.value(Type::I32);
                self.stack.pop();
                self.block("if", result, Self::few);
                self.block("else", result, Self::few);
                self.end(result);
            }
            (19, _) if nested && self.loops < 2 => {
                let rounds = self.fixed(ROUNDS) + self.loops;
                self.op(format_args!("i32.const 3 local.set {rounds}"));
                self.loops += 1;
                self.block("loop", None, |body| {
                    body.few();
                    while body.stack.len() > body.floor {
                        body.consume();
                    }
                    body.op(format_args!(
                        "local.get {rounds} i32.const 1 i32.sub local.tee {rounds} br_if 0"
                    ));
                });
                self.loops -= 1;
                self.end(None);
            }
            (20, _) if nested => {
                // A switch: the ways out of three blocks in each other.
                self.op("block block block");
                self.value(Type::I32);
                self.stack.pop();
                self.op("br_table 0 1 2 end");
                self.blocks += 2;
                let floor = std::mem::replace(&mut self.floor, self.stack.len());
                for _ in 0..2 {
                    self.few();
                    while self.stack.len() > self.floor {
                        self.consume();
                    }
                    self.op("end");
                }
                self.floor = floor;
                self.blocks -= 2;
            }
            (21, _) if self.room(5) => {
                let zeros = "i32.const 0 ".repeat(4);
                self.op(format_args!("i32.const 1 {zeros} call $call"));
                self.stack.push(Type::I32);
            }
            (22, _) if self.loops == 0 && self.leaves > 0 => {
                let to = self.signatures.len() - 1 - self.random.below(self.leaves);
                if self.random.below(8) == 0 {
                    self.call(to);
                }
            }
            _ => {}
        }
    }

    /// Values that a compiler may keep instead of computing them once more after a call.
    fn computed(&mut self, many: usize, with: &str) {
        let (x, sum) = (self.fixed(X), self.fixed(SUM));
        for n in 0..many {
            let what = ["mul", "div_u", "rotl"][n % 3];
            self.op(format_args!(
                "local.get {x} i64.const {} i64.{what} local.get {sum} i64.{with} local.set {sum}",
                n + 3
            ));
        }
    }

    /// The same with fewer operators for each value: a chain of them, of which only the last is used.
    fn chain(&mut self, many: usize) {
        self.op(format_args!("local.get {}", self.fixed(X)));
        for n in 0..many {
            self.op(LINKS[n % LINKS.len()]);
        }
        self.stack.push(Type::I64);
        self.consume();
    }

    /// That chain after the call, with all its values used.
    fn chain_again(&mut self, many: usize) {
        while !self.room(GROUP + 2) {
            self.consume();
        }
        let link = self.fixed(LINK);
        self.op(format_args!("local.get {} local.set {link}", self.fixed(X)));
        for n in 0..many {
            let unary = LINKS[n % LINKS.len()];
            self.op(format_args!("local.get {link} {unary} local.tee {link}"));
            self.stack.push(Type::I64);
            if (n + 1) % GROUP == 0 || n + 1 == many {
                self.op("i64.xor ".repeat(n % GROUP));
                self.stack.truncate(self.stack.len() - n % GROUP);
                self.consume();
            }
        }
    }
}

/// A function of the number `this`.
fn function(
    random: &mut Random,
    signatures: &[Signature],
    endless: usize,
    this: usize,
    large: usize,
) -> String {
    let Signature { params, result } = &signatures[this];
    let most = ModuleLimits::V1.locals as usize - params.len() - FIXED.len();
    let declared: Vec<Type> = (0..random.part(most)).map(|_| random.ty()).collect();
    let locals: Vec<Type> = [&params[..], &declared, &FIXED].concat();
    let text: String = locals[params.len()..]
        .iter()
        .map(|ty| format!(" {ty}"))
        .collect();
    let left = random.one_of(&[0, 5, 50, 500, large]);
    let mut body = Body {
        random,
        signatures,
        leaves: if this < endless {
            signatures.len() - endless
        } else {
            0
        },
        locals,
        stack: Vec::new(),
        floor: 0,
        blocks: 1,
        loops: 0,
        left,
        code: String::new(),
    };
    let x = body.fixed(X);
    body.op(format_args!(
        "i32.const 0 i32.const 0 i32.load i32.const 7 i32.add i32.store i32.const 0 i64.load local.set {x}"
    ));
    let kept = body.random.one_of(&[0, 1, 2, 4]);
    for at in 0..body.fixed(X) {
        if body.random.below(4) < kept {
            let ty = body.locals[at];
            body.value(ty);
            body.stack.pop();
            body.op(format_args!("local.set {at}"));
        }
    }
    let after = body.random.below(left + 1);
    while body.left > after {
        body.statement();
    }
    if this < endless {
        let to = body.random.below(endless);
        let most =
            ModuleLimits::V1.operands as usize - 2 * SPARE - body.signatures[to].params.len();
        let operands = body.random.part(most);
        let long = body.code.len() > LONG / 3;
        let twice = body
            .random
            .one_of(&[0, 0, 10, 100, if long { 0 } else { 500 }]);
        while body.stack.len() > operands {
            body.consume();
        }
        while body.stack.len() < operands {
            let ty = body.random.ty();
            body.value(ty);
        }
        let chained = body
            .random
            .one_of(&[0, 0, 0, 100, if long { 0 } else { 3000 }]);
        body.computed(twice, "xor");
        body.chain(chained);
        match body.random.below(3) {
            0 => {
                let ty = body.random.ty();
                body.block("block", Some(ty), |body| body.call(to));
                body.end(Some(ty));
            }
            _ => body.call(to),
        }
        body.computed(twice, "sub");
        body.chain_again(chained);
    }
    while body.left > 0 {
        body.statement();
    }
    while !body.stack.is_empty() {
        body.consume();
    }
    for at in 0..body.fixed(X) {
        if body.random.below(4) < kept {
            body.op(format_args!("local.get {at}"));
            body.stack.push(body.locals[at]);
            body.consume();
        }
    }
    body.op(format_args!(
        "i32.const 16 local.get {} i64.store",
        body.fixed(SUM)
    ));
    if let Some(ty) = result {
        body.value(*ty);
    }
    format!(
        "(func $f{this} (type $t{this}) (local{text}) {})\n",
        body.code
    )
}

/// The module of `seed`: up to four functions, of which some call each other until the stack is
/// used up, and the others call none. A function has at most some `large` statements.
pub(crate) fn endless(seed: u64, large: usize) -> Vec<u8> {
    let mut random = Random(seed);
    let many = random.below(4) + 1;
    let endless = random.below(many) + 1;
    let signatures: Vec<Signature> = (0..many)
        .map(|_| Signature {
            params: (0..random.part(ModuleLimits::V1.params as usize))
                .map(|_| random.ty())
                .collect(),
            result: [None, Some(Type::I32), Some(Type::I64)][random.below(3)],
        })
        .collect();
    let types: String = signatures
        .iter()
        .enumerate()
        .map(|(n, signature)| format!("(type $t{n} (func {}))\n", signature.text()))
        .collect();
    let functions: String = (0..many)
        .map(|this| function(&mut random, &signatures, endless, this, large))
        .collect();
    let names: String = (0..many).map(|n| format!(" $f{n}")).collect();
    let arguments: String = signatures[0]
        .params
        .iter()
        .map(|ty| format!("{ty}.const 1 "))
        .collect();
    let drop = signatures[0].result.map_or("", |_| "drop");
    module(
        &format!("{types} (table {many} funcref) (elem (i32.const 0){names}) {functions}"),
        &format!("{arguments} call $f0 {drop}"),
    )
}
