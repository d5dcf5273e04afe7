//! The rules of a run: traps, faults, limits, hooks, and CODE that changes.

use emu8051::{
    Bus, Cpu, CpuFault, Cycles, Limit, Program, ProgramBuilder, Reserved, Run, SfrSet, Side, Steps,
    Stop, Unprogrammed, Xdata, XdataAsk, assemble, run, run_exact, sfr,
};

fn program(source: &str) -> ProgramBuilder {
    assemble(source)
        .unwrap_or_else(|error| panic!("{error}\n{source}"))
        .program()
}

/// Runs by blocks and exactly, demands the same of both, and returns it.
fn both(cpu: &Cpu, program: &Program, limit: Limit) -> (Run, Cpu) {
    let (mut fast, mut exact) = (cpu.clone(), cpu.clone());
    let (mut fast_xdata, mut exact_xdata) = (Xdata::new(), Xdata::new());
    let ran = run(&mut fast, &mut fast_xdata, program, limit);
    assert_eq!(run_exact(&mut exact, &mut exact_xdata, program, limit), ran);
    assert_eq!(fast, exact);
    assert!(fast_xdata == exact_xdata);
    (ran, fast)
}

fn ran(cycles: u64, steps: u64, stop: Stop) -> Run {
    Run {
        cycles: Cycles(cycles),
        steps: Steps(steps),
        stop,
    }
}

#[test]
fn a_trap_ends_the_run_however_it_is_reached() {
    let routes = [
        ("LCALL 0x0100", 2, 1),
        ("LJMP 0x0100", 2, 1),
        ("ACALL 0x0100", 2, 1),
        ("AJMP 0x0100", 2, 1),
        ("MOV DPTR,#0x00F0\n MOV A,#0x10\n JMP @A+DPTR", 5, 3),
        ("CLR A\n PUSH ACC\n MOV A,#1\n PUSH ACC\n RET", 8, 5),
        ("CLR A\n PUSH ACC\n MOV A,#1\n PUSH ACC\n RETI", 8, 5),
        (".org 0x00FE\n MOV A,#1", 1, 1),
        (".org 0x00F0\n SJMP 0x0100", 2, 1),
        (".org 0x00F0\n JZ 0x0100", 2, 1),
        (".org 0x00FE\n JNZ $", 2, 1),
        (".org 0x00F0\n DJNZ R0,0x0100", 2, 1),
        (".org 0x00F0\n CJNE A,#1,0x0100", 2, 1),
        (".org 0x00FD\n JB ACC.0,$", 2, 1),
    ];
    for (source, cycles, steps) in routes {
        let assembly = assemble(source).expect(source);
        let mut cpu = Cpu::new();
        cpu.set_pc(assembly.segments[0].0);
        let program = assembly
            .program()
            .segment(0x0100, &[0x22])
            .trap(0x0100)
            .build();
        let (run, cpu) = both(&cpu, &program, Limit::NONE);
        assert_eq!(
            (run, cpu.pc()),
            (ran(cycles, steps, Stop::Trap(0x0100)), 0x0100),
            "{source}"
        );
    }
}

#[test]
fn a_trap_comes_before_the_end_of_the_limit() {
    let program = program(" NOP\n NOP\n").trap(2).build();
    let (run, _) = both(&Cpu::new(), &program, Limit::cycles(2));
    assert_eq!(run, ran(2, 2, Stop::Trap(2)));
}

#[test]
fn a_run_that_starts_on_a_trap_leaves_it() {
    let program = program("loop: SJMP loop").trap(0).build();
    let (run, _) = both(&Cpu::new(), &program, Limit::NONE);
    assert_eq!(run, ran(2, 1, Stop::Trap(0)));
}

#[test]
fn a_trap_hides_nothing_from_movc() {
    let program = program(" MOV DPTR,#5\n CLR A\n MOVC A,@A+DPTR\n .db 0x5A")
        .trap(5)
        .build();
    let (run, cpu) = both(&Cpu::new(), &program, Limit::NONE);
    assert_eq!((run.stop, cpu.a()), (Stop::Trap(5), 0x5A));
}

/// An instruction begins only if its whole cost is affordable.
#[test]
fn an_instruction_begins_only_if_affordable() {
    let program = program(" NOP\n MUL AB\n NOP\n LJMP 0").build();
    for cycles in 1..5 {
        let (run, cpu) = both(&Cpu::new(), &program, Limit::cycles(cycles));
        assert_eq!((run, cpu.pc()), (ran(1, 1, Stop::OutOfCycles), 1));
    }
    let (run, _) = both(
        &Cpu::new(),
        &program,
        Limit {
            cycles: Cycles(5),
            steps: Steps(2),
        },
    );
    assert_eq!(
        run,
        ran(5, 2, Stop::OutOfCycles),
        "cycles are named first when both are used up"
    );
    let (run, _) = both(&Cpu::new(), &program, Limit::steps(2));
    assert_eq!(run, ran(5, 2, Stop::OutOfSteps));
    let (run, _) = both(&Cpu::new(), &program, Limit::cycles(0));
    assert_eq!(run, ran(0, 0, Stop::OutOfCycles));
}

/// Unprogrammed CODE faults where it begins and costs nothing.
#[test]
fn unprogrammed_code_faults_and_costs_nothing() {
    let program = program(" NOP\n LJMP 0x1234").build();
    let (run, cpu) = both(&Cpu::new(), &program, Limit::NONE);
    assert_eq!(
        (run, cpu.pc()),
        (ran(3, 2, Stop::Fault(CpuFault::Unprogrammed)), 0x1234)
    );
    let (run, _) = both(&cpu, &program, Limit::cycles(0));
    assert_eq!(
        run,
        ran(0, 0, Stop::Fault(CpuFault::Unprogrammed)),
        "even with nothing left to spend"
    );
}

#[test]
fn an_instruction_cut_off_by_unprogrammed_code_faults() {
    let program = Program::builder().segment(0, &[0x00, 0x02, 0x12]).build();
    let (run, cpu) = both(&Cpu::new(), &program, Limit::NONE);
    assert_eq!(
        (run, cpu.pc()),
        (ran(1, 1, Stop::Fault(CpuFault::Unprogrammed)), 1)
    );
}

#[test]
fn unprogrammed_code_can_execute_its_fill() {
    let program = Program::builder()
        .segment(0, &[0x74, 9])
        .fill(0x04)
        .unprogrammed(Unprogrammed::Execute)
        .build();
    let (run, cpu) = both(&Cpu::new(), &program, Limit::steps(4));
    assert_eq!((run.stop, cpu.a(), cpu.pc()), (Stop::OutOfSteps, 12, 5));
}

/// The reserved opcode faults, or does nothing for a cycle.
#[test]
fn reserved_opcode_faults_or_does_nothing() {
    let code = [0x00, 0xA5, 0x00];
    let (run, cpu) = both(
        &Cpu::new(),
        &Program::builder().segment(0, &code).build(),
        Limit::NONE,
    );
    assert_eq!(
        (run, cpu.pc()),
        (ran(1, 1, Stop::Fault(CpuFault::Reserved)), 1)
    );
    let program = Program::builder()
        .segment(0, &code)
        .reserved(Reserved::Nop)
        .trap(3)
        .build();
    let (run, _) = both(&Cpu::new(), &program, Limit::NONE);
    assert_eq!(run, ran(3, 3, Stop::Trap(3)));
}

#[test]
fn code_continues_at_0000_after_ffff() {
    let program = program(" .org 0xFFFE\n NOP\n INC A\n .org 0\n INC A\n NOP")
        .trap(2)
        .build();
    let mut cpu = Cpu::new();
    cpu.set_pc(0xFFFE);
    for cycles in 0..=4 {
        let (run, after) = both(&cpu, &program, Limit::cycles(cycles));
        assert_eq!(run.cycles, Cycles(cycles));
        assert_eq!(u64::from(after.pc()), (0xFFFE + cycles) % 0x1_0000);
    }
    let (run, after) = both(&cpu, &program, Limit::NONE);
    assert_eq!((run, after.a()), (ran(4, 4, Stop::Trap(2)), 2));
}

#[test]
fn operands_wrap_around_the_end_of_code() {
    let program = Program::builder()
        .segment(0xFFFF, &[0x02, 0x12, 0x34])
        .trap(0x1234)
        .build();
    let mut cpu = Cpu::new();
    cpu.set_pc(0xFFFF);
    let (run, _) = both(&cpu, &program, Limit::NONE);
    assert_eq!(run, ran(2, 1, Stop::Trap(0x1234)));
}

#[test]
fn straight_line_code_of_64_kib_is_charged_exactly() {
    let program = Program::builder().segment(0, &[0x04; 65536]).build();
    for steps in [0, 1, 2047, 2048, 2049, 4096, 65535, 65536, 65537, 200_000] {
        let (run, cpu) = both(&Cpu::new(), &program, Limit::steps(steps));
        assert_eq!((run.cycles, run.steps), (Cycles(steps), Steps(steps)));
        assert_eq!((u64::from(cpu.pc()), cpu.a()), (steps % 65536, steps as u8));
    }
}

/// A jump into the middle of an instruction executes the bytes there.
#[test]
fn jump_into_an_instruction_executes_what_is_there() {
    // MOV DPTR,#0x0405 entered at its second byte: INC A, INC 0x80 (the opcode of SJMP), then data.
    let program = Program::builder()
        .segment(0, &[0x80, 0x01, 0x90, 0x04, 0x05, 0x30, 0x00])
        .trap(7)
        .build();
    let (run, cpu) = both(&Cpu::new(), &program, Limit::NONE);
    assert_eq!((run.stop, cpu.a(), cpu.iram(0x30)), (Stop::Trap(7), 1, 1));
}

/// A bus with one hooked register that counts its reads and writes, and stops the run on demand.
#[derive(Default)]
struct Hooked {
    log: Vec<String>,
    stop: bool,
}

impl Bus for Hooked {
    fn xread(&mut self, _: u16) -> u8 {
        0
    }

    fn xwrite(&mut self, address: u16, value: u8) {
        self.log.push(format!("x {address:04X}={value:02X}"));
        self.stop = true;
    }

    fn sfr_read(&mut self, sfr: u8, side: Side, _: u8, stored: u8, now: Cycles) -> u8 {
        self.log
            .push(format!("read {sfr:02X} {side:?} {stored:02X} at {}", now.0));
        match side {
            Side::Pin => 0x0F,
            Side::Latch => stored,
        }
    }

    fn sfr_write(&mut self, sfr: u8, value: u8, now: Cycles) -> u8 {
        self.log
            .push(format!("write {sfr:02X}={value:02X} at {}", now.0));
        self.stop = value == 0x55;
        value
    }

    fn reti(&mut self, now: Cycles) {
        self.log.push(format!("reti at {}", now.0));
        self.stop = true;
    }

    fn stop_requested(&mut self) -> bool {
        std::mem::take(&mut self.stop)
    }
}

/// Hooked registers reach the bus with the exact cycle.
#[test]
fn hooked_registers_reach_the_bus_in_their_cycle() {
    let source = "
        MOV P1,#0xF0    ; write
        MOV A,P1        ; reads the pin
        ORL P1,#1       ; reads the latch, writes
        CPL P1.7        ; likewise, a bit
        JBC P1.7,next   ; likewise, and the bit is clear
next:   MOV C,P1.0      ; the pin
        MOV 0x30,P1     ; the pin
        PUSH P1         ; the pin
        MOV P2,A        ; not hooked
        MOV P1,#0x55    ; the bus stops the run here
        NOP
";
    let program = program(source).hooks(SfrSet::EMPTY.with(sfr::P1)).build();
    let expected = [
        "write 90=F0 at 0",
        "read 90 Pin F0 at 2",
        "read 90 Latch F0 at 3",
        "write 90=F1 at 3",
        "read 90 Latch F1 at 5",
        "write 90=71 at 5",
        "read 90 Latch 71 at 6",
        "read 90 Pin 71 at 8",
        "read 90 Pin 71 at 9",
        "read 90 Pin 71 at 11",
        "write 90=55 at 14",
    ];
    for runner in [run::<Hooked>, run_exact::<Hooked>] {
        let (mut cpu, mut bus) = (Cpu::new(), Hooked::default());
        let end = runner(&mut cpu, &mut bus, &program, Limit::NONE);
        assert_eq!(end, ran(16, 10, Stop::Event));
        assert_eq!(bus.log, expected);
        assert_eq!(
            (
                cpu.sfr(sfr::P1),
                cpu.sfr(sfr::P2),
                cpu.iram(0x30),
                cpu.iram(8)
            ),
            (0x55, 0x0F, 0x0F, 0x0F)
        );
    }
}

#[test]
fn reti_concerns_the_bus_when_there_are_hooks() {
    let source = " MOV SP,#0x31\n MOV 0x31,#1\n RETI\n .org 0x0100\n NOP";
    let hooked = program(source).hooks(SfrSet::EMPTY.with(sfr::IE)).build();
    let plain = program(source).trap(0x0100).build();
    for runner in [run::<Hooked>, run_exact::<Hooked>] {
        let (mut cpu, mut bus) = (Cpu::new(), Hooked::default());
        assert_eq!(
            runner(&mut cpu, &mut bus, &hooked, Limit::NONE),
            ran(6, 3, Stop::Event)
        );
        assert_eq!(
            (cpu.pc(), &bus.log[..]),
            (0x0100, &["reti at 4".to_owned()][..])
        );
        let (mut cpu, mut bus) = (Cpu::new(), Hooked::default());
        assert_eq!(
            runner(&mut cpu, &mut bus, &plain, Limit::NONE),
            ran(6, 3, Stop::Trap(0x0100))
        );
        assert!(bus.log.is_empty());
    }
}

#[test]
fn code_written_through_xdata_is_executed_as_written() {
    let source = "
        MOV DPTR,#target
        MOV A,#0x04         ; INC A
        MOVX @DPTR,A
        NOP
target: CLR A
        NOP
";
    let ask = XdataAsk {
        reads: false,
        writes: true,
    };
    let mut program = program(source).ask_after_xdata(ask).trap(9).build();
    let (mut cpu, mut bus) = (Cpu::new(), Hooked::default());
    assert_eq!(
        run(&mut cpu, &mut bus, &program, Limit::NONE),
        ran(5, 3, Stop::Event)
    );
    assert_eq!(bus.log, ["x 0007=04"]);
    program.write_code(7, 0x04);
    assert_eq!(
        run(&mut cpu, &mut bus, &program, Limit::NONE),
        ran(3, 3, Stop::Trap(9))
    );
    assert_eq!(cpu.a(), 5);
}

/// A program written byte by byte equals one built at once.
#[test]
fn a_program_written_bytewise_equals_one_built() {
    let mut code = vec![0_u8; 65536];
    let mut seed = 1_u32;
    for byte in &mut code {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *byte = (seed >> 24) as u8;
    }
    let build = |code: &[u8]| {
        Program::builder()
            .segment(0, code)
            .reserved(Reserved::Nop)
            .trap(0x1000)
            .build()
    };
    let mut written = build(&code);
    for change in 0..400_u32 {
        let at = (change.wrapping_mul(40_503) >> 2) as u16;
        code[at as usize] = (change * 89) as u8;
        written.write_code(at, (change * 89) as u8);
    }
    let built = build(&code);
    for start in (0..=0xFFFF).step_by(37) {
        let mut cpu = Cpu::new();
        cpu.set_pc(start);
        let mut again = cpu.clone();
        let limit = Limit::cycles(u64::from(start % 97));
        let one = run(&mut cpu, &mut Xdata::new(), &written, limit);
        assert_eq!(
            run(&mut again, &mut Xdata::new(), &built, limit),
            one,
            "from 0x{start:04X}"
        );
        assert_eq!(cpu, again, "from 0x{start:04X}");
    }
}

/// A bus whose run shall end at a moment that its program may move.
struct Deadline {
    ram: Xdata,
    at: Cycles,
}

impl Bus for Deadline {
    const HOOKED: bool = true;

    fn xread(&mut self, address: u16) -> u8 {
        self.ram.read(address)
    }

    fn xwrite(&mut self, address: u16, value: u8) {
        self.ram.write(address, value);
    }

    fn sfr_write(&mut self, _: u8, value: u8, now: Cycles) -> u8 {
        self.at = now + Cycles(value.into());
        value
    }

    fn deadline(&mut self, _: Cycles) -> Cycles {
        self.at
    }
}

/// A run ends with the first instruction that reaches the deadline.
#[test]
fn a_run_ends_at_the_first_boundary_at_the_deadline() {
    let source = "loop: inc A\n mul AB\n mov 0x30,A\n movx @DPTR,A\n inc DPTR\n mov R7,#3\n djnz R7,$\n mov P1,#LEN
        mov A,P1\n push B\n pop 0x31\n sjmp loop";
    for length in 0..60 {
        let source = source.replace("LEN", &length.to_string());
        let program = program(&source).hooks(SfrSet::EMPTY.with(sfr::P1)).build();
        for at in 1..200 {
            let runs = [run::<Deadline>, run_exact::<Deadline>].map(|run| {
                let (mut cpu, at) = (Cpu::new(), Cycles(at));
                let mut bus = Deadline {
                    ram: Xdata::new(),
                    at,
                };
                let used = run(&mut cpu, &mut bus, &program, Limit::cycles(400));
                if used.stop == Stop::Event {
                    assert!(used.cycles >= bus.at && used.cycles < bus.at + Cycles(4));
                }
                (used, cpu, bus.ram, bus.at)
            });
            assert!(runs[0] == runs[1], "deadline {at}, moved by {length}");
        }
    }
}

/// A program that calls, pushes and makes room on its stack in the ways compilers do, from a stack pointer and with a
/// frame that are put in.
const STACK: &str = "
        MOV SP,#{sp}
        MOV A,#{frame}
        ACALL deeper
        LJMP 0x0100
deeper: PUSH ACC
        PUSH B
        PUSH DPL
        MOV A,SP
        ADD A,#{frame}
        MOV SP,A
        INC SP
        LCALL deeper
        RET
";

/// A guarded stack faults at the instruction that would wrap it, in both loops and under every
/// limit, with nothing changed; one that is not guarded wraps.
#[test]
fn a_guarded_stack_faults_where_it_would_wrap() {
    let mut places = std::collections::BTreeSet::new();
    for sp in (0x07..=0xFF).step_by(3).chain([0xFE, 0xFF]) {
        for frame in [0, 1, 8, 100, 127] {
            let source = STACK
                .replace("{sp}", &sp.to_string())
                .replace("{frame}", &frame.to_string());
            let guarded = program(&source).trap(0x0100).guard_stack().build();
            let (mut cpu, mut xdata) = (Cpu::new(), Xdata::new());
            let whole = run(&mut cpu, &mut xdata, &guarded, Limit::cycles(100_000));
            assert_eq!(whole.stop, Stop::Fault(CpuFault::StackOverflow), "{source}");
            places.insert(cpu.pc());
            for limit in 0..=whole.steps.0 {
                for runner in [run::<Xdata>, run_exact::<Xdata>] {
                    let mut again = Cpu::new();
                    let limit = Limit::steps(limit);
                    let used = runner(&mut again, &mut Xdata::new(), &guarded, limit);
                    if limit.steps > whole.steps {
                        assert_eq!((used, &again), (whole, &cpu));
                    }
                    assert_eq!(used.steps, limit.steps.min(whole.steps));
                }
            }
            let mut exact = Cpu::new();
            let used = run_exact(&mut exact, &mut Xdata::new(), &guarded, Limit::NONE);
            assert_eq!((used, &exact), (whole, &cpu), "{source}");
            let plain = program(&source).trap(0x0100).build();
            let mut wraps = Cpu::new();
            let used = run(&mut wraps, &mut Xdata::new(), &plain, Limit::steps(200));
            assert_ne!(used.stop, whole.stop, "{source}");
        }
    }
    assert_eq!(
        places.len(),
        7,
        "calls, pushes, MOV SP,A and INC SP: {places:?}"
    );
}

/// What shrinks a stack, or sets it anew, is no fault.
#[test]
fn a_guarded_stack_may_shrink_and_be_set() {
    let source = "
        MOV SP,#0xF0
        MOV A,#0x80
        MOV SP,A            ; 112 bytes less
        MOV A,#0x07
        MOV SP,A            ; 121 bytes less
        MOV SP,#0xFD
        ACALL leaf
        PUSH ACC
        PUSH B
        DEC SP
        POP ACC
        MOV 0x30,SP
        MOV SP,0x31
        LJMP 0x0100
leaf:   RET
";
    let guarded = program(source).trap(0x0100).guard_stack().build();
    for runner in [run::<Xdata>, run_exact::<Xdata>] {
        let mut cpu = Cpu::new();
        let used = runner(&mut cpu, &mut Xdata::new(), &guarded, Limit::NONE);
        assert_eq!(used.stop, Stop::Trap(0x0100));
        assert_eq!(cpu.iram(0x30), 0xFD);
    }
}
