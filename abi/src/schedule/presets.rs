//! The schedules that have a name.
//!
//! `data-sheet` is the one that a chain has unless it asks for another. The others are the tables of other chains, each
//! with data-sheet's price wherever that table is silent; so what preparing code takes is paid for under each of them.
//! Tests hold their figures against the tables (`tests/data/schedules`).

use super::{Costs, EffectPrices, General, Schedule, ScheduleName, StoragePrices};
use crate::method::{self, GasRule, PerBytes};

/// Bytes that cost nothing.
const FREE: PerBytes = PerBytes { gas: 0, bytes: 1 };

/// Bytes by the started run.
const fn per(gas: u64, bytes: u64) -> PerBytes {
    PerBytes { gas, bytes }
}

impl Schedule {
    /// The prices by what work takes: a gas is a machine cycle by Intel's data sheet, and nothing takes more than 8
    /// times as long a gas (`make gas-time`).
    pub const DATA_SHEET: Schedule = Schedule {
        version: 1,
        name: ScheduleName::of("data-sheet"),
        general: General::DATA_SHEET,
        storage: StoragePrices::DATA_SHEET,
        effects: EffectPrices::DATA_SHEET,
        wasm: Costs::DATA_SHEET,
        entry: super::Entry::DATA_SHEET,
        methods: {
            let mut rules = [GasRule::flat(0); method::METHODS.len()];
            let mut slot = 0;
            while slot < rules.len() {
                rules[slot] = method::METHODS[slot].gas;
                slot += 1;
            }
            rules
        },
    };

    /// The prices that the original chain's successor settled on (WaykiChain, `src/vm/luavm/lua/fuel.h`), as smart51
    /// had them first.
    pub const WAYKI: Schedule = {
        let mut wayki = Schedule::DATA_SHEET.named("wayki", 2);
        wayki.general.gas_of_account = 25_000;
        wayki.storage = StoragePrices {
            unchanged: 3,
            removed: 0,
            ..wayki.storage
        };
        wayki.effects = EffectPrices {
            des_key: 0,
            des_block: 2,
            triple_key: 90,
            triple_block: 2,
            app_record: 600,
            ..wayki.effects
        };
        wayki
            .flat(method::COMPARE, 3)
            .flat(method::MUL, 5)
            .flat(method::ADD, 3)
            .flat(method::SUB, 3)
            .flat(method::DIV, 5)
            .row(method::HASH, 50, per(10, 32), FREE)
            .flat(method::DES, 50)
            .row(method::VERIFY, 200, per(10, 32), FREE)
            .flat(method::SIGN, 3)
            .row(method::PRINT, 375, per(8, 1), FREE)
            .row(method::TX_CONTRACT, 200, FREE, per(3, 32))
            .flat(method::TX_ACCOUNT, 200)
            .flat(method::PUBKEY, 200)
            .flat(method::BALANCE, 200)
            .flat(method::TX_HEIGHT, 200)
            .flat(method::BLOCK_HASH, 4)
            .flat(method::HEIGHT, 4)
            .flat(method::DB_WRITE, 6)
            .flat(method::DB_DELETE, 6)
            .row(method::DB_READ, 6, FREE, per(6, 32))
            .flat(method::DB_SIZE, 6)
            .row(method::DB_NEXT, 6, FREE, per(6, 32))
            .flat(method::TX_HASH, 4)
            .flat(method::DB_MODIFY, 6)
            .flat(method::OUTPUT, 4)
            .row(method::SCRIPT_DATA, 6, FREE, per(6, 32))
            .flat(method::SCRIPT_ID, 4)
            .flat(method::TX_SENDER, 4)
            .row(method::INPUT, 4, FREE, per(3, 32))
            .row(method::UNPACK, 4, FREE, per(3, 32))
            .row(method::TX_UNPACK, 200, FREE, per(3, 32))
            .flat(method::PAY_AMOUNT, 4)
            .flat(method::APP_FREE, 400)
            .flat(method::APP_FROZEN, 600)
            .flat(method::APP_OPERATE, 4)
            .flat(method::ADDRESS, 200)
            .row(method::SHA256_ONCE, 30, per(6, 32), FREE)
            .flat(method::BLOCK_TIME, 4)
    };

    /// The prices of the API of govm, a chain that runs Go: of what a contract asks its host.
    pub const GOVM: Schedule = {
        let mut govm = Schedule::DATA_SHEET.named("govm", 3);
        govm.general.gas_of_value = 500;
        govm.effects.value = 500;
        govm.effects.output_record = 500;
        govm.flat(method::TX_SENDER, 10)
            .flat(method::CALLER, 10)
            .flat(method::HEIGHT, 10)
            .flat(method::BLOCK_TIME, 10)
            .flat(method::SCRIPT_ID, 10)
            .flat(method::BALANCE, 50)
            .flat(method::CALL_CONTRACT, 10_000)
            .flat(method::STATIC_CALL, 10_000)
            .row(method::PRINT, 100, per(1, 1), FREE)
            .row(method::EMIT, 100, per(1, 1), FREE)
            .flat(method::OBJECT_CREATE, 50)
            .flat(method::OBJECT_DELETE, 500)
            .flat(method::OBJECT_OWNER, 100)
            .flat(method::OBJECT_SET_OWNER, 500)
            .row(method::OBJECT_GET, 100, FREE, per(1, 1))
            .row(method::OBJECT_SET, 1_000, per(100, 1), FREE)
    };

    /// The prices of xvm, the virtual machine of XuperChain, for the operators of WebAssembly.
    pub const XVM: Schedule = {
        let mut xvm = Schedule::DATA_SHEET.named("xvm", 4);
        xvm.wasm = Costs {
            constant: 0,
            variable: 3,
            simple: 1,
            shift: 2,
            multiply: 3,
            count_zeros: 105,
            count_ones: 3,
            pick: 3,
            memory_size: 2,
            divide: 80,
            access: 3,
            r#if: 0,
            branch: 2,
            branch_if: 3,
            branch_table: 2,
            call: 2,
            call_indirect: 3,
            grow: 100_000,
            bulk: 100_000,
            ..xvm.wasm
        };
        xvm
    };

    /// The original chain's way for images under our own rules: a gas is a step, which is an instruction of an 8051 or
    /// an operator of WebAssembly, a block has 12,000,000 of them, and the price of a gas can follow their use.
    pub const DACRS: Schedule = {
        let mut dacrs = Schedule::DATA_SHEET.named("dacrs", 5);
        dacrs.general.gas_per_cycle = 0;
        dacrs.general.gas_per_step = 1;
        dacrs.general.block_gas_max = 12_000_000;
        dacrs.general.fuel_rate = 1;
        dacrs.wasm = Costs {
            divide: 1,
            access: 1,
            branch_table: 1,
            call: 1,
            call_indirect: 1,
            grow: 1,
            bulk: 1,
            ..dacrs.wasm
        };
        dacrs
    };

    /// Every schedule that has a name, by version.
    pub const PRESETS: &[&Schedule] = &[
        &Schedule::DATA_SHEET,
        &Schedule::WAYKI,
        &Schedule::GOVM,
        &Schedule::XVM,
        &Schedule::DACRS,
    ];

    /// The schedule of this name, if there is one.
    #[must_use]
    pub fn preset(name: &str) -> Option<&'static Schedule> {
        let mut presets = Schedule::PRESETS.iter().copied();
        presets.find(|preset| preset.name() == name)
    }

    /// The schedule of this version, if there is one that has a name.
    #[must_use]
    pub fn of_version(version: u16) -> Option<&'static Schedule> {
        let mut presets = Schedule::PRESETS.iter().copied();
        presets.find(|preset| preset.version == version)
    }

    const fn named(self, name: &str, version: u16) -> Schedule {
        Schedule {
            version,
            name: ScheduleName::of(name),
            ..self
        }
    }

    /// With this price of a method, whatever bytes go there and back.
    const fn flat(self, id: u16, base: u64) -> Schedule {
        self.row(id, base, FREE, FREE)
    }

    /// With this price of a method.
    const fn row(mut self, id: u16, base: u64, request: PerBytes, reply: PerBytes) -> Schedule {
        let rule = &mut self.methods[method::slot(id)];
        (rule.base, rule.request, rule.reply) = (base, request, reply);
        self
    }
}
