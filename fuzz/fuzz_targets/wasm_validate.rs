//! Any bytes as a module, as the body of a function in a sound one, and as choices of a generator of bodies:
//! they are refused or prepared, never a panic; what is prepared is valid, and the metered module computes what
//! the plain one computes.

#![no_main]

use abi::Schedule;
use bridge::wasm::{ModuleLimits, meter};
use libfuzzer_sys::fuzz_target;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    InstructionSink, MemArg, MemArgTarget, MemorySection, MemoryType, Module, RefType,
    TableSection, TableType, TypeSection, ValType,
};
use wasmi::{Caller, Config, Engine, Error, Linker, Store, TrapCode, Val};

/// What the metered run may spend; one that spends more is not compared.
const GAS: i64 = 100_000;
/// What the plain run may spend in wasmi's own unit. The metered run ended, so it must be enough.
const FUEL: u64 = 100_000_000;

/// The immediates of a load or store at the address on the stack.
const ANYWHERE: MemArg = MemArg {
    offset: 0,
    align: 0,
    target: MemArgTarget::Memory(0),
    ordering: None,
};

fuzz_target!(|data: &[u8]| {
    let _ = meter(data, &ModuleLimits::V1, &Schedule::DATA_SHEET);
    same_when_metered(&around(data));
    let plain = around(&generated(data));
    assert!(same_when_metered(&plain), "what is generated is valid");
});

/// Whether `plain` may be deployed; if so, its metered form computes the same.
fn same_when_metered(plain: &[u8]) -> bool {
    let Ok(metered) = meter(plain, &ModuleLimits::V1, &Schedule::DATA_SHEET) else {
        return false;
    };
    let (end, memory, left) = run(&metered.wasm);
    if left.is_some_and(|(gas, stack)| gas >= 0 && stack >= 0) {
        let (plain_end, plain_memory, _) = run(plain);
        assert_eq!((end, memory), (plain_end, plain_memory));
    }
    true
}

/// A body, without the `end`, that leaves an i32: statements and expressions as the bytes choose, with loops
/// that end because all of them count their rounds together in the i64 global.
fn generated(choices: &[u8]) -> Vec<u8> {
    let mut body = Function::new([(2, ValType::I32)]).into_raw_body();
    let mut generator = Generator {
        choices: choices.iter(),
        depth: 0,
        out: &mut body,
    };
    while !generator.choices.as_slice().is_empty() {
        generator.statement(4);
    }
    InstructionSink::new(&mut body).local_get(0);
    body
}

struct Generator<'a> {
    choices: std::slice::Iter<'a, u8>,
    /// The blocks that are open; the function's own is one more.
    depth: u32,
    out: &'a mut Vec<u8>,
}

impl Generator<'_> {
    fn choice(&mut self, of: u8) -> u8 {
        self.choices.next().map_or(0, |byte| byte % of)
    }

    fn code(&mut self) -> InstructionSink<'_> {
        InstructionSink::new(self.out)
    }

    /// A label that takes no value: any but the function's own.
    fn label(&mut self) -> Option<u32> {
        let depth = self.depth;
        (depth > 0).then(|| u32::from(self.choice(16)) % depth)
    }

    fn statements(&mut self, fuel: u32) {
        self.depth += 1;
        for _ in 0..self.choice(4) {
            self.statement(fuel);
        }
        self.depth -= 1;
    }

    fn statement(&mut self, fuel: u32) {
        let deeper = fuel.saturating_sub(1);
        match self.choice(if fuel == 0 { 8 } else { 12 }) {
            0 => {
                self.expression(3);
                self.code().local_set(2);
            }
            1 => {
                self.expression(3);
                self.expression(2);
                self.code().i32_store(ANYWHERE);
            }
            2 => {
                self.expression(3);
                match self.label() {
                    Some(label) => self.code().br_if(label),
                    None => self.code().drop(),
                };
            }
            3 => {
                let labels = [(); 3].map(|()| self.label());
                self.expression(2);
                match labels {
                    [Some(a), Some(b), Some(c)] => self.code().br_table([a, b], c),
                    _ => self.code().local_set(3),
                };
            }
            4 => {
                if let Some(label) = self.label() {
                    self.code().br(label);
                }
            }
            5 => {
                self.expression(1);
                self.code().return_();
            }
            6 => {
                self.expression(1);
                self.code().memory_grow(0).drop();
            }
            7 => {
                self.expression(1);
                self.code().i32_const(7).i32_const(9).memory_fill(0);
            }
            8 => {
                self.code().block(BlockType::Empty);
                self.statements(deeper);
                self.code().end();
            }
            9 => {
                self.expression(2);
                self.code().if_(BlockType::Empty);
                self.statements(deeper);
                if self.choice(2) == 1 {
                    self.code().else_();
                    self.statements(deeper);
                }
                self.code().end();
            }
            _ => {
                self.code().block(BlockType::Empty).loop_(BlockType::Empty);
                self.code().global_get(1).i64_const(50).i64_ge_s().br_if(1);
                self.code()
                    .global_get(1)
                    .i64_const(1)
                    .i64_add()
                    .global_set(1);
                self.depth += 1;
                self.statements(deeper);
                self.depth -= 1;
                self.expression(2);
                self.code().br_if(0).end().end();
            }
        }
    }

    /// An expression of type i32.
    fn expression(&mut self, fuel: u32) {
        match self.choice(if fuel == 0 { 3 } else { 9 }) {
            0 => {
                let value = i32::from(self.choice(255)) - 100;
                self.code().i32_const(value);
            }
            1 => {
                self.code().local_get(0);
            }
            2 => {
                self.code().local_get(2);
            }
            3 => {
                self.expression(fuel - 1);
                self.code().i32_load(ANYWHERE);
            }
            4 => {
                self.expression(fuel - 1);
                self.code().i64_const(3).call(3);
            }
            5 => {
                self.expression(fuel - 1);
                self.code().i64_const(3).i32_const(1).call_indirect(0, 1);
            }
            operator => {
                self.expression(fuel - 1);
                self.expression(fuel - 1);
                match operator {
                    6 => self.code().i32_add(),
                    7 => self.code().i32_lt_s(),
                    _ => self.code().i32_div_s(),
                };
            }
        }
    }
}

/// A module whose second function has `body`: its locals and code, without the `end`.
fn around(body: &[u8]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types
        .ty()
        .function([ValType::I32, ValType::I64], [ValType::I32]);
    types.ty().function([ValType::I32; 5], [ValType::I32]);
    types.ty().function([ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import("smart51", "call", EntityType::Function(2));
    imports.import("smart51", "exit", EntityType::Function(3));
    let mut functions = FunctionSection::new();
    functions.function(0).function(1);
    let mut tables = TableSection::new();
    let (element_type, table64, shared) = (RefType::FUNCREF, false, false);
    tables.table(TableType {
        element_type,
        table64,
        minimum: 4,
        maximum: Some(4),
        shared,
    });
    let mut memories = MemorySection::new();
    let (memory64, shared, page_size_log2) = (false, false, None);
    memories.memory(MemoryType {
        minimum: 1,
        maximum: Some(3),
        memory64,
        shared,
        page_size_log2,
    });
    let mut globals = GlobalSection::new();
    let global = |val_type, mutable| GlobalType {
        val_type,
        mutable,
        shared: false,
    };
    globals.global(global(ValType::I32, false), &ConstExpr::i32_const(1024));
    globals.global(global(ValType::I64, true), &ConstExpr::i64_const(-3));
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("smart51_buffer", ExportKind::Global, 0);
    exports.export("smart51_main", ExportKind::Func, 2);
    let mut elements = ElementSection::new();
    elements.active(
        None,
        &ConstExpr::i32_const(1),
        Elements::Functions([3, 2].as_slice().into()),
    );
    let mut main = Function::new([]);
    main.instructions()
        .i32_const(0)
        .i32_const(5)
        .i64_const(7)
        .call(3)
        .i32_store(ANYWHERE)
        .end();
    let mut code = CodeSection::new();
    code.function(&main);
    code.raw(&[body, &[0x0B]].concat());
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&tables)
        .section(&memories);
    module
        .section(&globals)
        .section(&exports)
        .section(&elements)
        .section(&code);
    module.finish()
}

/// How a run ended, its memory, and what is left of gas and stack in a metered module.
type Ran = (Result<(), Option<TrapCode>>, Vec<u8>, Option<(i64, i32)>);

fn run(wasm: &[u8]) -> Ran {
    let mut config = Config::default();
    config
        .consume_fuel(true)
        .set_max_recursion_depth(10_000)
        .set_max_stack_height(1 << 22);
    let engine = Engine::new(&config);
    let module = wasmi::Module::new(&engine, wasm).expect("what is prepared is valid");
    let mut store = Store::new(&engine, 0i32);
    store.set_fuel(FUEL).expect("fuel is on");
    let mut linker = Linker::new(&engine);
    let call = |mut caller: Caller<'_, i32>, method: i32, a: i32, b: i32, c: i32, d: i32| {
        *caller.data_mut() = caller.data().wrapping_add(method ^ a ^ b ^ c ^ d);
        *caller.data()
    };
    linker.func_wrap("smart51", "call", call).expect("no other");
    let exit = |_: Caller<'_, i32>, code: i32| -> Result<(), Error> { Err(Error::i32_exit(code)) };
    linker.func_wrap("smart51", "exit", exit).expect("no other");
    let instance = linker
        .instantiate_and_start(&mut store, &module)
        .expect("segments lie in range");
    let globals = ["gas", "stack"].map(|name| instance.get_global(&store, name));
    if let [Some(gas), Some(stack)] = globals {
        gas.set(&mut store, Val::I64(GAS)).expect("it is mutable");
        stack
            .set(&mut store, Val::I32(ModuleLimits::V1.stack as i32))
            .expect("it is mutable");
    }
    let main = instance
        .get_typed_func::<(), ()>(&store, "smart51_main")
        .expect("it is exported");
    let end = main
        .call(&mut store, ())
        .map_err(|error| error.as_trap_code());
    assert_ne!(
        end,
        Err(Some(TrapCode::OutOfFuel)),
        "a metered module ended where the plain one does not"
    );
    let memory = instance
        .get_memory(&store, "memory")
        .expect("it is exported")
        .data(&store)
        .to_vec();
    let left = match globals {
        [Some(gas), Some(stack)] => gas.get(&store).i64().zip(stack.get(&store).i32()),
        _ => None,
    };
    (end, memory, left)
}
