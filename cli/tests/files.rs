//! Files that programs read and write: bounds, things that are no files, links; and the folders of stores.

mod common;

use common::Dir;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn pipe(dir: &Dir, name: &str) {
    let made = Command::new("mkfifo").arg(dir.path(name)).status().unwrap();
    assert!(made.success());
}

/// Every command that reads a file refuses what is none, or is too large, with its name and the limit.
#[test]
fn what_is_no_file_is_refused_with_name_and_limit() {
    let dir = Dir::new();
    dir.write("big", vec![b'#'; (1 << 20) + 1]);
    let token = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/token/token.ihx");
    fs::copy(token, dir.path("one.ihx")).unwrap();
    fs::create_dir(dir.path("folder")).unwrap();
    pipe(&dir, "pipe");
    let named = |name: &str, ending: &str, text: &str| {
        let file = format!("{name}{ending}");
        dir.write(&file, text);
        file
    };
    for (path, found) in [
        ("/dev/zero", "a device"),
        ("pipe", "a named pipe"),
        ("folder", "a folder"),
        ("big", "more"),
    ] {
        let scenario = named(
            &path.replace('/', "_"),
            ".scenario.toml",
            &format!("[accounts]\nalice = 0\n[contracts.c]\nimage = {path:?}\n"),
        );
        let test = named(
            &path.replace('/', "_"),
            ".test.toml",
            &format!("image = {path:?}\nmax_cycles = 10\n[expect]\n"),
        );
        let at = format!("@{path}");
        for args in [
            &["test", &scenario][..],
            &["test", path],
            &["parity", "one.ihx", "one.ihx", &scenario],
            &["firmware-test", &test],
            &["firmware-test", path],
            &["firmware", path],
            &["firmware", "one.ihx", "--stimulus", path],
            &["inspect", path],
            &["disasm", path],
            &["asm", path, "-o", "made.ihx"],
            &["run", path],
            &["run", "one.ihx", "--input", &at],
            &["replay", path],
            &["state", "import", path, "--store", "new"],
        ] {
            // A folder of scenarios or tests is one of their forms, and JSON and exports may be large.
            let large = matches!(args[0], "replay" | "state");
            if path == "folder" && args[0].ends_with("test") && args[1] == "folder" {
                continue;
            }
            let ran = dir.run(args);
            assert_eq!(ran.status, 2, "{args:?}: {}", ran.all());
            if path == "big" && large {
                continue;
            }
            let said = format!("{path}: expected a file of at most ");
            assert!(ran.stderr.contains(&said), "{args:?}: {}", ran.all());
            assert!(ran.stderr.contains(found), "{args:?}: {}", ran.all());
        }
        assert!(!dir.path("new").exists(), "nothing is made of {path}");
    }
}

#[test]
fn standard_input_ends_at_its_bound() {
    let dir = Dir::new();
    let zeros = fs::File::open("/dev/zero").unwrap();
    let ran = common::ran(dir.command(&["inspect", "-"]).stdin(zeros));
    assert_eq!(ran.status, 2, "{}", ran.all());
    let said = "-: expected a file of at most 1048576 bytes, found more";
    assert!(ran.stderr.contains(said), "{}", ran.all());
}

/// What is written beside a file that was named goes into no link that lies there, and an export into none at all.
#[test]
#[cfg(unix)]
fn what_is_written_follows_no_planted_link() {
    let dir = Dir::new();
    dir.write("victim", "mine");
    let plant = |name: &str| {
        let _ = fs::remove_file(dir.path(name));
        std::os::unix::fs::symlink("victim", dir.path(name)).unwrap();
    };
    fs::create_dir(dir.path("store")).unwrap();
    for name in ["out.new", "out"] {
        plant(name);
    }
    std::os::unix::fs::symlink("../victim", dir.path("store/SMART51.new")).unwrap();
    dir.run(&["account", "new", "alice", "--store", "store"])
        .ok();
    dir.run(&["state", "export", "out", "--store", "store"])
        .ok();
    assert_eq!(dir.read("victim"), b"mine");
    assert!(dir.read("out").starts_with(b"smart51 state"));
    // A listing is written beside the coverage that was asked for.
    dir.write("loop.asm", "here: SJMP here\n");
    dir.run(&["asm", "loop.asm", "-o", "loop.ihx"]).ok();
    plant("cover.loop.ihx.lst");
    let options = ["--max-cycles", "10", "--coverage", "cover"];
    dir.run(&[&["firmware", "loop.ihx"], &options[..]].concat());
    assert_eq!(dir.read("victim"), b"mine");
    assert!(dir.read("cover.loop.ihx.lst").starts_with(b"0000"));
}

/// `chain` with alice, bob and the token.
fn with_chain() -> Dir {
    let dir = Dir::new();
    let token = Path::new(env!("CARGO_MANIFEST_DIR")).join("../firmware-samples/token/token.ihx");
    fs::copy(token, dir.path("token.ihx")).unwrap();
    for args in [
        &["account", "new", "alice"][..],
        &["account", "new", "bob"],
        &["deploy", "token.ihx", "--from", "alice", "--name", "token"],
    ] {
        dir.run(&[args, &["--store", "chain"]].concat()).ok();
    }
    dir
}

/// Commands that only look.
const LOOKING: [&[&str]; 11] = [
    &["contract", "list"],
    &["account", "list"],
    &["account", "show", "alice"],
    &["query", "token", "--input", "03000000000000"],
    &["call", "token", "--from", "alice", "--dry-run"],
    &["block"],
    &["state", "token"],
    &["state", "check"],
    &["state", "export", "/dev/null"],
    &["state", "token", "00"],
    &["receipt", "00"],
];

/// A mistyped folder is said to have no store, and gets none; a chain is begun by an account or an import alone.
#[test]
fn only_a_first_account_or_import_makes_a_chain() {
    let dir = Dir::new();
    dir.write("one.ihx", ":0100000002FD\n:00000001FF\n");
    let changing = [
        &["deploy", "one.ihx", "--from", "alice"][..],
        &["call", "token", "--from", "alice"],
        &["rollback", "1"],
    ];
    for args in LOOKING.into_iter().chain(changing) {
        let ran = dir.run(&[args, &["--store", "typo"]].concat());
        assert_eq!(ran.status, 2, "{args:?}: {}", ran.all());
        let said = "there is no smart51 store in typo; make one with";
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.all());
        assert!(!dir.path("typo").exists(), "{args:?}");
    }
    fs::create_dir(dir.path("empty")).unwrap();
    assert_eq!(dir.run(&["account", "list", "--store", "empty"]).status, 2);
    assert_eq!(fs::read_dir(dir.path("empty")).unwrap().count(), 0);
}

/// Each waits for the others: all ten accounts are made.
#[test]
fn ten_first_openings_at_once_all_succeed() {
    let dir = Dir::new();
    let names: Vec<String> = (0..10).map(|n| format!("account{n}")).collect();
    let children: Vec<_> = names
        .iter()
        .map(|name| {
            let mut command = dir.command(&["account", "new", name, "--store", "chain"]);
            command.stdout(Stdio::null()).stderr(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    for child in children {
        let done = child.wait_with_output().unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    let list = dir
        .run(&["account", "list", "--store", "chain", "--json"])
        .ok();
    let listed = list.json()["accounts"].as_array().unwrap().len();
    assert_eq!(listed, 10);
    dir.run(&["state", "check", "--store", "chain"]).ok();
}

/// Half of an export is in the folder when the import is killed: there is no store, and the next import makes one.
#[test]
fn a_killed_import_leaves_no_store() {
    let dir = with_chain();
    dir.run(&["state", "export", "all", "--store", "chain"])
        .ok();
    let all = dir.read("all");
    let mut command = dir.command(&["state", "import", "/dev/stdin", "--store", "new"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&all[..all.len() / 2]).unwrap();
    let begin = Instant::now();
    while !dir.path("new/sled/db").exists() {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "the import begins"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let looked = dir.run(&["account", "list", "--store", "new"]);
    assert_eq!(looked.status, 2, "{}", looked.all());
    assert!(looked.stderr.contains("there is no smart51 store in new"));
    dir.run(&["state", "import", "all", "--store", "new"]).ok();
    dir.run(&["state", "export", "again", "--store", "new"])
        .ok();
    assert!(all == dir.read("again"));
    // What is cut short leaves nothing at all, and a second import finds the first.
    dir.write("half", &all[..all.len() / 2]);
    assert_eq!(
        dir.run(&["state", "import", "half", "--store", "half.store"])
            .status,
        2
    );
    assert!(!dir.path("half.store").exists());
    let again = dir.run_with(&["state", "import", "all", "--store", "new"], b"");
    assert_eq!(again.status, 2);
    assert!(
        again.stderr.contains("there is a store in new already"),
        "{}",
        again.all()
    );
}

/// A folder that may only be read: everything that looks works, what changes says why it does not.
#[test]
fn a_read_only_store_can_be_read() {
    let dir = with_chain();
    let modes = |folder: u32, file: u32| {
        for name in ["chain", "chain/sled", "chain/sled/blobs"] {
            for entry in fs::read_dir(dir.path(name)).unwrap() {
                let path = entry.unwrap().path();
                let mode = if path.is_dir() { folder } else { file };
                fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
            }
        }
        fs::set_permissions(dir.path("chain"), Permissions::from_mode(folder)).unwrap();
    };
    modes(0o555, 0o444);
    // The superuser may write everywhere: then somebody else looks.
    let superuser = fs::write(dir.path("chain/probe"), "").is_ok();
    let program = dir.path("smart51");
    if superuser {
        fs::remove_file(dir.path("chain/probe")).unwrap();
        fs::set_permissions(dir.path("."), Permissions::from_mode(0o755)).unwrap();
        fs::copy(env!("CARGO_BIN_EXE_smart51"), &program).unwrap();
    }
    let run = |args: &[&str]| {
        let mut command = if superuser {
            let mut command = Command::new(&program);
            command.uid(65534).gid(65534).current_dir(dir.path("."));
            command.args(args);
            command
        } else {
            dir.command(args)
        };
        common::ran(command.args(["--store", "chain"]))
    };
    let before = dir.read("chain/sled/db");
    for args in LOOKING {
        let ran = run(args);
        let expected = match args[0] {
            "call" => 1,    // no input
            "receipt" => 2, // no such one
            _ => 0,
        };
        assert_eq!(ran.status, expected, "{args:?}: {}", ran.all());
    }
    let call = run(&["call", "token", "--from", "alice"]);
    assert_eq!(call.status, 3, "{}", call.all());
    assert!(call.stderr.contains("Permission denied"), "{}", call.all());
    assert!(before == dir.read("chain/sled/db"), "nothing was written");
    modes(0o755, 0o644);
}

/// The same on a disk that is full, where a file system of our own can be mounted; elsewhere says that it did not.
#[test]
fn a_store_on_a_full_disk_can_be_read() {
    let dir = with_chain();
    fs::create_dir(dir.path("disk")).unwrap();
    let script = r#"
        mount -t tmpfs -o size=24m none disk || exit 77
        cp -a chain disk/chain && rm -r chain || exit 1
        dd if=/dev/zero of=disk/fill bs=4k 2>/dev/null
        "$0" state export all --store disk/chain || exit 2
        "$0" query token --input 03000000000000 --store disk/chain || exit 3
        "$0" account new carol --store disk/chain && exit 4
        "$0" state check --store disk/chain || exit 5
        rm disk/fill
        "$0" account list --store disk/chain || exit 6
        "$0" account new carol --store disk/chain || exit 7
        "$0" state check --store disk/chain || exit 8
    "#;
    let ran = common::ran(
        Command::new("unshare")
            .args(["--mount", "--map-root-user", "sh", "-c", script])
            .arg(env!("CARGO_BIN_EXE_smart51"))
            .current_dir(dir.path(".")),
    );
    if ran.stderr.contains("unshare: ") || ran.status == 77 {
        eprintln!(
            "SKIPPED: no file system can be mounted here: {}",
            ran.stderr
        );
        return;
    }
    assert_eq!(ran.status, 0, "{}", ran.all());
}

/// Symbols with 60,000 sources, lines and functions, half of them at one address: ten seconds of processor time are
/// plenty, and what is not there is not said 60,000 times.
#[test]
fn sixty_thousand_names_are_read_at_once() {
    let dir = Dir::new();
    let nops: String = (0..0x1000u32 / 16)
        .map(|line| {
            let [high, low] = u16::try_from(line * 16).unwrap().to_be_bytes();
            let sum = 0u8.wrapping_sub(16u8.wrapping_add(high).wrapping_add(low));
            format!(":10{high:02X}{low:02X}00{}{sum:02X}\n", "00".repeat(16))
        })
        .collect();
    dir.write("many.ihx", nops + ":00000001FF\n");
    let record = |n: usize| {
        let at = if n.is_multiple_of(2) { 0 } else { n % 0x1000 };
        format!("L:C$source{n}.c$1$0_0$1:{at:X}\nL:G$f{n}$0$0:{at:X}\nL:XG$f{n}$0$0:FFF\n")
    };
    dir.write("many.cdb", (0..60_000).map(record).collect::<String>());
    let script = r#"ulimit -t 10; exec "$0" firmware many.ihx --max-cycles 99 --coverage out.info"#;
    let ran = common::ran(
        Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_smart51")])
            .current_dir(dir.path(".")),
    );
    assert!(
        ran.stderr.contains("and 59995 other sources are not there"),
        "{}",
        ran.all()
    );
    assert!(ran.stdout.contains("of 60000 lines"), "{}", ran.all());
    let lcov = String::from_utf8(dir.read("out.info")).unwrap();
    assert_eq!(lcov.matches("end_of_record").count(), 60_000);
}

/// 300,000 keys go through the program bit by bit: at most 200 MB of memory. They are data of nobody, so the import is
/// refused at its end, and nothing is left of it.
#[test]
fn a_large_import_takes_little_memory() {
    let dir = Dir::new();
    let mut file = b"smart51 state 1\n".to_vec();
    let count = 300_000u32;
    for n in 0..count {
        let key = [&b"d\x01\0\0\0\0\0"[..], &n.to_be_bytes()].concat();
        for bytes in [&key[..], &n.to_le_bytes()] {
            file.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_le_bytes());
            file.extend_from_slice(bytes);
        }
    }
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&u64::from(count).to_le_bytes());
    let sum = crc32fast::hash(&file);
    file.extend_from_slice(&sum.to_le_bytes());
    dir.write("large", file);
    let script = "import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:])
_, status, used = os.wait4(child.pid, 0)
print(used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))";
    let ran = common::ran(
        Command::new("python3")
            .args(["-c", script, env!("CARGO_BIN_EXE_smart51")])
            .args(["state", "import", "large", "--store", "new"])
            .current_dir(dir.path(".")),
    );
    assert_eq!(ran.status, 2, "{}", ran.all());
    let said = "the chain's first settings are missing";
    assert!(ran.stderr.contains(said), "{}", ran.all());
    let kib: u64 = ran.stdout.trim().parse().unwrap();
    assert!(kib < 200_000, "{kib} KiB");
    assert!(!dir.path("new").exists());
}
