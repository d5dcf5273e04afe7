//! The table of fused pairs: a row names the two operations and the one for both.
//!
//! Everything else derives from it: the length of the pair, the slot of the pair at predecode
//! ([`fusion`](crate::fusion)), and its effect ([`exec`](crate::exec)), which is that of the first and then of the
//! second. That the operands of both fit into a slot is checked when the crate is compiled.

/// Hands a table to the macro that reads it, with the pairs behind.
macro_rules! with_pairs {
    ($reader:ident! { $($table:tt)* }) => {
        $reader! {
            $($table)*
            pairs {
                IncDptrThenMovxADptr = IncDptr MovxADptr;
                IncDptrThenMovxDptrA = IncDptr MovxDptrA;
                IncDptrThenIncRn = IncDptr IncRn;
                MovxADptrThenMovRnA = MovxADptr MovRnA;
                MovxADptrThenMovDirA = MovxADptr MovDirA;
                MovxADptrThenMovAtRiA = MovxADptr MovAtRiA;
                MovxDptrAThenMovARn = MovxDptrA MovARn;
                MovxDptrAThenMovADir = MovxDptrA MovADir;
                MovxAtRiAThenIncRn = MovxAtRiA IncRn;
                MovDptrThenMovxADptr = MovDptr MovxADptr;
                MovDptrThenMovARn = MovDptr MovARn;
                MovRnAThenMovARn = MovRnA MovARn;
                MovRnAThenMovADir = MovRnA MovADir;
                MovRnAThenIncDptr = MovRnA IncDptr;
                MovRnAThenMovDirRn = MovRnA MovDirRn;
                MovDirAThenMovARn = MovDirA MovARn;
                MovDirAThenMovADir = MovDirA MovADir;
                MovDirAThenIncDptr = MovDirA IncDptr;
                MovDirAThenClrA = MovDirA ClrA;
                MovARnThenAddImm = MovARn AddImm;
                MovARnThenAddcImm = MovARn AddcImm;
                MovARnThenAddRn = MovARn AddRn;
                MovARnThenRrcA = MovARn RrcA;
                MovARnThenRlcA = MovARn RlcA;
                MovARnThenAddcDir = MovARn AddcDir;
                MovARnThenOrlDirA = MovARn OrlDirA;
                MovARnThenXrlDirA = MovARn XrlDirA;
                MovAAtRiThenIncRn = MovAAtRi IncRn;
                MovADirThenAddImm = MovADir AddImm;
                MovADirThenSubbDir = MovADir SubbDir;
                MovADirThenOrlDirA = MovADir OrlDirA;
                MovADirThenXrlDirA = MovADir XrlDirA;
                AddImmThenMovDirA = AddImm MovDirA;
                AddcImmThenMovDirA = AddcImm MovDirA;
                AddRnThenMovRnA = AddRn MovRnA;
                AddcRnThenMovRnA = AddcRn MovRnA;
                RrcAThenMovRnA = RrcA MovRnA;
                RlcAThenMovRnA = RlcA MovRnA;
                ClrCThenMovARn = ClrC MovARn;
                ClrCThenMovADir = ClrC MovADir;
                ClrCThenMovAImm = ClrC MovAImm;
                PushThenPush = Push Push;
                PopThenPop = Pop Pop;
                MovDirRnThenMovDirRn = MovDirRn MovDirRn;
                MovDirDirThenMovDirDir = MovDirDir MovDirDir;
                MovRnDirThenMovRnDir = MovRnDir MovRnDir;
            }
        }
    };
}

pub(crate) use with_pairs;
