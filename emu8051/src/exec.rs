//! The effect of each instruction, in one exhaustive `match` over [`Uop`] that every run loop uses.
//!
//! An operation either directs *control*, and then says where to, or is *straight*: it has an effect and the next
//! instruction follows. A fused pair is made of the effects of its two operations, one after the other.

use crate::alu;
use crate::bus::Bus;
use crate::datapath::Core;
use crate::direct::DirectAccess;
use crate::isa::Uop;
use crate::memory::direct;
use crate::pairs::with_pairs;
use crate::sfr;
use crate::slot::{Operands, Slot};

/// The way on from an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// To the next one, so many bytes on.
    Next(u32),
    /// To this address, whether by a jump or by a branch not taken: a block ends here.
    Jump(u16),
    /// Out of the loop: this cannot be executed here. Nothing happened.
    Leave,
}

impl<B: Bus, D: DirectAccess<B>> Core<'_, B, D> {
    /// Executes one instruction, PC excepted: the loop follows the [`Flow`].
    #[inline(always)]
    pub(crate) fn exec(&mut self, slot: &Slot) -> Flow {
        self.exec_as(slot.uop, slot)
    }
}

/// Makes of each straight operation a function with its effect, and of all operations one `match`.
///
/// How far a straight one goes on is a constant in each arm. The address of the next slot is then known at once; if it
/// were loaded from the slot before, the host would wait for each slot in turn.
macro_rules! instructions {
    (
        $core:ident $slot:ident $operands:ident
        control { $( $($control:ident)|+ => $flow:expr, )* }
        straight { $( $name:ident => $effect:expr, )* }
        pairs { $( $pair:ident = $first:ident $second:ident; )* }
    ) => {
        #[allow(non_snake_case, unused_variables, reason = "an effect has the name of its row, whatever it needs")]
        mod effect {
            use super::*;
            $(
                #[inline(always)]
                pub(super) fn $name<B: Bus, D: DirectAccess<B>>($core: &mut Core<'_, B, D>, $operands: Operands) {
                    $effect;
                }
            )*
        }

        impl<B: Bus, D: DirectAccess<B>> Core<'_, B, D> {
            /// Executes `uop` with the operands of `slot`.
            #[inline(always)]
            pub(crate) fn exec_as(&mut self, uop: Uop, $slot: &Slot) -> Flow {
                let $core = self;
                match uop {
                    $( $(Uop::$control)|+ => $flow, )*
                    $( Uop::$name => {
                        if $core.lacks_room(const { Uop::$name.pushes() }) {
                            return Flow::Leave;
                        }
                        effect::$name($core, $slot.first());
                        Flow::Next(const { Uop::$name.len() as u32 })
                    } )*
                    $( Uop::$pair => {
                        if $core.lacks_room(const { Uop::$pair.pushes() }) {
                            return Flow::Leave;
                        }
                        effect::$first($core, $slot.first());
                        effect::$second($core, $slot.second());
                        Flow::Next(const { Uop::$pair.len() as u32 })
                    } )*
                }
            }
        }
    };
}

with_pairs! { instructions! {
    core slot o
    control {
        Trap | Fault | Exact => Flow::Leave,
        PushPsw => core.push_psw(),
        PopPsw => core.pop_psw(),
        MovPswImm => core.move_psw(slot.y),
        SetSp => core.set_sp(slot.z != 0),

        Ajmp | Ljmp | Sjmp => Flow::Jump(slot.target),
        Acall | Lcall => core.call(slot),
        Ret => core.ret(),
        Reti => {
            let flow = core.ret();
            core.direct.reti(core.bus);
            flow
        },
        JmpAtADptr => Flow::Jump(core.dptr().wrapping_add(u16::from(core.regs.a))),
        Jz => core.branch(slot, core.regs.a == 0),
        Jnz => core.branch(slot, core.regs.a != 0),
        Jc => core.branch(slot, core.regs.cy),
        Jnc => core.branch(slot, !core.regs.cy),
        Jb => {
            let taken = core.bit(slot.x, slot.y);
            core.branch(slot, taken)
        },
        Jnb => {
            let taken = !core.bit(slot.x, slot.y);
            core.branch(slot, taken)
        },
        Jbc => {
            let byte = core.latch(slot.x);
            let taken = byte & slot.y != 0;
            if taken {
                core.set_dir(slot.x, byte & !slot.y);
            }
            core.branch(slot, taken)
        },
        JbA => core.branch(slot, core.regs.a & slot.y != 0),
        JnbA => core.branch(slot, core.regs.a & slot.y == 0),
        CjneAImm => core.cjne(core.regs.a, slot.x, slot),
        CjneADir => {
            let value = core.dir(slot.x);
            core.cjne(core.regs.a, value, slot)
        },
        CjneAtRiImm => core.cjne(core.at(slot.x), slot.y, slot),
        CjneRnImm => core.cjne(core.reg(slot.x), slot.y, slot),
        DjnzDir => {
            let left = core.modify(slot.x, |v| v.wrapping_sub(1));
            core.branch(slot, left != 0)
        },
        DjnzRn => {
            let left = core.reg(slot.x).wrapping_sub(1);
            core.set_reg(slot.x, left);
            core.branch(slot, left != 0)
        },
    }
    straight {
        Nop => {},
        Reserved => {},


        IncA => core.regs.a = core.regs.a.wrapping_add(1),
        IncDir => _ = core.modify(o.x, |v| v.wrapping_add(1)),
        IncAtRi => core.set_at(o.x, core.at(o.x).wrapping_add(1)),
        IncRn => core.set_reg(o.x, core.reg(o.x).wrapping_add(1)),
        IncDptr => core.set_dptr(core.dptr().wrapping_add(1)),
        DecA => core.regs.a = core.regs.a.wrapping_sub(1),
        DecDir => _ = core.modify(o.x, |v| v.wrapping_sub(1)),
        DecAtRi => core.set_at(o.x, core.at(o.x).wrapping_sub(1)),
        DecRn => core.set_reg(o.x, core.reg(o.x).wrapping_sub(1)),

        AddImm => core.add(o.x),
        AddDir => {
            let b = core.dir(o.x);
            core.add(b);
        },
        AddAtRi => core.add(core.at(o.x)),
        AddRn => core.add(core.reg(o.x)),
        AddA => core.add(core.regs.a),
        AddcImm => core.addc(o.x),
        AddcDir => {
            let b = core.dir(o.x);
            core.addc(b);
        },
        AddcAtRi => core.addc(core.at(o.x)),
        AddcRn => core.addc(core.reg(o.x)),
        AddcA => core.addc(core.regs.a),
        SubbImm => core.subb(o.x),
        SubbDir => {
            let b = core.dir(o.x);
            core.subb(b);
        },
        SubbAtRi => core.subb(core.at(o.x)),
        SubbRn => core.subb(core.reg(o.x)),
        SubbA => core.subb(core.regs.a),
        Mul => {
            let (low, high, ov) = alu::mul(core.regs.a, core.memory[direct(sfr::B)]);
            core.product(low, high, ov);
        },
        Div => {
            let (quotient, remainder, ov) = alu::div(core.regs.a, core.memory[direct(sfr::B)]);
            core.product(quotient, remainder, ov);
        },
        DaA => {
            let regs = &mut core.regs;
            (regs.a, regs.cy) = alu::decimal_adjust(regs.a, regs.cy, regs.carries.ac());
        },

        OrlImm => core.regs.a |= o.x,
        OrlDir => core.regs.a |= core.dir(o.x),
        OrlAtRi => core.regs.a |= core.at(o.x),
        OrlRn => core.regs.a |= core.reg(o.x),
        OrlDirA => {
            let a = core.regs.a;
            core.modify(o.x, |v| v | a);
        },
        OrlDirImm => _ = core.modify(o.x, |v| v | o.y),
        AnlImm => core.regs.a &= o.x,
        AnlDir => core.regs.a &= core.dir(o.x),
        AnlAtRi => core.regs.a &= core.at(o.x),
        AnlRn => core.regs.a &= core.reg(o.x),
        AnlDirA => {
            let a = core.regs.a;
            core.modify(o.x, |v| v & a);
        },
        AnlDirImm => _ = core.modify(o.x, |v| v & o.y),
        XrlImm => core.regs.a ^= o.x,
        XrlDir => core.regs.a ^= core.dir(o.x),
        XrlAtRi => core.regs.a ^= core.at(o.x),
        XrlRn => core.regs.a ^= core.reg(o.x),
        XrlDirA => {
            let a = core.regs.a;
            core.modify(o.x, |v| v ^ a);
        },
        XrlDirImm => _ = core.modify(o.x, |v| v ^ o.y),
        ClrA => core.regs.a = 0,
        CplA => core.regs.a = !core.regs.a,
        RlA => core.regs.a = core.regs.a.rotate_left(1),
        RrA => core.regs.a = core.regs.a.rotate_right(1),
        RlcA => core.rlc(),
        RrcA => core.rrc(),
        SwapA => core.regs.a = core.regs.a.rotate_left(4),

        MovAImm => core.regs.a = o.x,
        MovADir => core.regs.a = core.dir(o.x),
        MovAAtRi => core.regs.a = core.at(o.x),
        MovARn => core.regs.a = core.reg(o.x),
        MovDirA => core.set_dir(o.x, core.regs.a),
        MovDirImm => core.set_dir(o.x, o.y),
        MovDirDir => core.move_dir(o.x, o.y),
        MovDirAtRi => core.set_dir(o.x, core.at(o.y)),
        MovDirRn => core.set_dir(o.x, core.reg(o.y)),
        MovAtRiA => core.set_at(o.x, core.regs.a),
        MovAtRiImm => core.set_at(o.x, o.y),
        MovAtRiDir => {
            let value = core.dir(o.y);
            core.set_at(o.x, value);
        },
        MovRnA => core.set_reg(o.x, core.regs.a),
        MovRnImm => core.set_reg(o.x, o.y),
        MovRnDir => core.move_to_reg(o.x, o.y),
        MovDptr => core.set_dptr(o.wide),
        MovcAPc => {
            core.regs.a = core.code[o.next.wrapping_add(u16::from(core.regs.a)) as usize]
        },
        MovcADptr => {
            core.regs.a = core.code[core.dptr().wrapping_add(u16::from(core.regs.a)) as usize]
        },
        MovxADptr => core.xread(core.dptr()),
        MovxAAtRi => core.xread(core.xdata_ri(o.x)),
        MovxDptrA => core.xwrite(core.dptr()),
        MovxAtRiA => core.xwrite(core.xdata_ri(o.x)),
        Push => core.push_dir(o.x),
        PushA => core.push(core.regs.a),
        Pop => core.pop_dir(o.x),
        PopA => core.regs.a = core.pop(),
        XchDir => {
            let value = core.dir(o.x);
            core.set_dir(o.x, core.regs.a);
            core.regs.a = value;
        },
        XchAtRi => {
            let value = core.at(o.x);
            core.set_at(o.x, core.regs.a);
            core.regs.a = value;
        },
        XchRn => {
            let value = core.reg(o.x);
            core.set_reg(o.x, core.regs.a);
            core.regs.a = value;
        },
        XchdAtRi => {
            let value = core.at(o.x);
            core.set_at(o.x, value & 0xF0 | core.regs.a & 0x0F);
            core.regs.a = core.regs.a & 0xF0 | value & 0x0F;
        },

        ClrC => core.regs.cy = false,
        SetbC => core.regs.cy = true,
        CplC => core.regs.cy = !core.regs.cy,
        ClrBit => _ = core.modify(o.x, |v| v & !o.y),
        SetbBit => _ = core.modify(o.x, |v| v | o.y),
        CplBit => _ = core.modify(o.x, |v| v ^ o.y),
        MovCBit => core.regs.cy = core.bit(o.x, o.y),
        MovBitC => {
            let cy = core.regs.cy;
            core.modify(o.x, |v| if cy { v | o.y } else { v & !o.y });
        },
        MovCA => core.regs.cy = core.regs.a & o.y != 0,
        MovAC => {
            core.regs.a = if core.regs.cy {
                core.regs.a | o.y
            } else {
                core.regs.a & !o.y
            }
        },
        OrlCBit => core.regs.cy |= core.bit(o.x, o.y),
        OrlCNotBit => core.regs.cy |= !core.bit(o.x, o.y),
        AnlCBit => core.regs.cy &= core.bit(o.x, o.y),
        AnlCNotBit => core.regs.cy &= !core.bit(o.x, o.y),
    }
} }
