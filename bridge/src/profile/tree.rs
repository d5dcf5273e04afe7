//! The tree of functions by path, and its keys.

use super::Function;
use std::collections::BTreeMap;

/// The most nodes of a profile: some 5 MiB.
pub const NODES_MAX: usize = 1 << 16;

/// The most contracts that are told apart; later ones count as the last.
pub(super) const IMAGES_MAX: u16 = 1 << 12;

/// The siblings that are looked at one by one before the index is asked.
const SCANNED: usize = 8;

/// No node.
const NONE: u32 = u32::MAX;

/// A function, and the address of the instruction that calls it: kind in bits 61 to 63, whether there is an address in
/// bit 60, the image in bits 48 to 59, the function's own number in bits 16 to 47, the address below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64);

impl Key {
    const SITE: u64 = 1 << 60;

    pub(super) fn of(function: Function) -> Key {
        let (kind, image, number) = match function {
            Function::Call => (0, 0, 0),
            Function::Entry => (1, 0, 0),
            Function::Host(method) => (2, 0, u64::from(method)),
            Function::Code(image, at) => return Key::code(image, at),
            Function::Wasm(image, index) => (4, image, u64::from(index)),
            Function::Transaction => (5, 0, 0),
        };
        Key(kind << 61 | u64::from(image) << 48 | number << 16)
    }

    #[inline(always)]
    pub(super) const fn code(image: u16, at: u16) -> Key {
        Key(3 << 61 | (image as u64) << 48 | (at as u64) << 16)
    }

    /// The function as it is called from the instruction at `site`.
    #[inline(always)]
    pub(super) const fn from(self, site: u16) -> Key {
        Key(self.0 | Key::SITE | site as u64)
    }

    /// The function alone.
    #[inline(always)]
    pub(super) const fn alone(self) -> Key {
        Key(self.0 & !(Key::SITE | 0xFFFF))
    }

    pub(super) const fn function(self) -> Function {
        let image = (self.0 >> 48) as u16 & (IMAGES_MAX - 1);
        let number = (self.0 >> 16) as u32;
        match self.0 >> 61 {
            0 => Function::Call,
            1 => Function::Entry,
            2 => Function::Host(number as u16),
            3 => Function::Code(image, number as u16),
            4 => Function::Wasm(image, number),
            _ => Function::Transaction,
        }
    }

    pub(super) const fn site(self) -> Option<u16> {
        if self.0 & Key::SITE == 0 {
            None
        } else {
            Some(self.0 as u16)
        }
    }
}

/// A node; gas is what it spent beside its machine cycles.
#[derive(Clone, Debug)]
pub(super) struct TreeNode {
    pub(super) key: Key,
    pub(super) cycles: u64,
    pub(super) steps: u64,
    pub(super) gas: u64,
    pub(super) calls: u64,
    pub(super) parent: u32,
    /// The child that was entered last.
    latest: u32,
    first: u32,
    next: u32,
}

/// All nodes; each comes after its parent.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) nodes: Vec<TreeNode>,
    /// The children that are not among the first of their parents.
    others: BTreeMap<(u32, Key), u32>,
    /// The calls for which there was no room.
    pub(super) merged: u64,
}

impl Tree {
    /// One with the call as a whole, and nothing below it.
    pub(super) fn new() -> Tree {
        Tree {
            nodes: vec![TreeNode::new(Key::of(Function::Call), NONE)],
            others: BTreeMap::new(),
            merged: 0,
        }
    }

    /// The index of a node's parent, if it has one.
    pub(super) fn parent(&self, node: &TreeNode) -> Option<usize> {
        (node.parent != NONE).then_some(node.parent as usize)
    }

    /// Counts a call of a function by `parent`; gives its node, or that of `parent` where there is no room.
    #[inline(always)]
    pub(super) fn call(&mut self, parent: u32, key: Key) -> u32 {
        let latest = self.nodes[parent as usize].latest;
        if let Some(node) = self.nodes.get_mut(latest as usize)
            && node.key == key
        {
            node.calls += 1;
            return latest;
        }
        self.call_other(parent, key)
    }

    /// The same, of another function than the latest.
    #[inline(never)]
    fn call_other(&mut self, parent: u32, key: Key) -> u32 {
        let child = match self.find(parent, key) {
            Ok(child) => child,
            Err(_) if self.nodes.len() >= NODES_MAX => {
                self.merged += 1;
                return parent;
            }
            Err(last) => self.add(parent, key, last),
        };
        self.nodes[parent as usize].latest = child;
        self.nodes[child as usize].calls += 1;
        child
    }

    /// The child of this key; else the last of those that are looked at one by one, if there are fewer than that.
    fn find(&self, parent: u32, key: Key) -> Result<u32, Option<u32>> {
        let mut last = NONE;
        let mut at = self.nodes[parent as usize].first;
        for _ in 0..SCANNED {
            let Some(node) = self.nodes.get(at as usize) else {
                return Err(Some(last));
            };
            if node.key == key {
                return Ok(at);
            }
            (last, at) = (at, node.next);
        }
        self.others.get(&(parent, key)).copied().ok_or(None)
    }

    fn add(&mut self, parent: u32, key: Key, last: Option<u32>) -> u32 {
        let child = self.nodes.len() as u32;
        self.nodes.push(TreeNode::new(key, parent));
        match last {
            Some(NONE) => self.nodes[parent as usize].first = child,
            Some(last) => self.nodes[last as usize].next = child,
            None => _ = self.others.insert((parent, key), child),
        }
        child
    }
}

impl TreeNode {
    fn new(key: Key, parent: u32) -> TreeNode {
        TreeNode {
            key,
            cycles: 0,
            steps: 0,
            gas: 0,
            calls: 0,
            parent,
            latest: NONE,
            first: NONE,
            next: NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_give_back_function_and_site() {
        let functions = [
            Function::Call,
            Function::Transaction,
            Function::Entry,
            Function::Host(0xFFFF),
            Function::Code(IMAGES_MAX - 1, 0xFFFF),
            Function::Code(0, 0),
            Function::Wasm(7, u32::MAX),
        ];
        for function in functions {
            let key = Key::of(function);
            assert_eq!((key.function(), key.site()), (function, None));
            let called = key.from(0xFFFF);
            assert_eq!((called.function(), called.site()), (function, Some(0xFFFF)));
            assert_eq!(called.alone(), key);
        }
    }

    /// More children than are looked at one by one, again and again, and more than there is room for.
    #[test]
    fn equal_paths_share_a_node_and_room_ends() {
        let mut tree = Tree::new();
        let key = |at: u32| Key::of(Function::Wasm(0, at));
        for round in 1..=3 {
            for at in 0..100 {
                let node = tree.call(0, key(at));
                assert_eq!(tree.nodes[node as usize].key, key(at));
                assert_eq!(tree.nodes[node as usize].calls, round);
            }
        }
        assert_eq!(tree.nodes.len(), 101);
        for at in 0..NODES_MAX as u32 + 50 {
            tree.call(0, key(at));
        }
        assert_eq!(tree.nodes.len(), NODES_MAX);
        assert_eq!(tree.merged, 51);
        assert_eq!(tree.call(0, key(NODES_MAX as u32)), 0);
        assert_ne!(tree.call(0, key(50)), 0);
    }
}
