//! Contracts of several files and libraries, and deep recursion.

use super::common::{Dir, ran};

/// Writes a contract in two files, with a header in `inc`, which prints `triple(LIMIT)`.
fn write_two_files(dir: &Dir) {
    std::fs::create_dir_all(dir.path("inc")).unwrap();
    dir.write("inc/triple.h", "unsigned char triple(unsigned char x);\n");
    dir.write(
        "triple.c",
        "#include <triple.h>\nunsigned char triple(unsigned char x) { return 3 * x; }\n",
    );
    dir.write(
        "main.c",
        "#include \"smart51.h\"\n#include <triple.h>\n\
         void contract(void) { uint8_t x = triple(LIMIT); s51_print(1, &x, 1); }\n",
    );
}

/// A contract of several files, with folders of headers and macros, is one image on both machines.
#[test]
fn build_takes_several_files_headers_and_macros() {
    let dir = Dir::new();
    write_two_files(&dir);
    for target in ["8051", "wasm"] {
        let args = [
            "-I", "inc", "-D", "LIMIT=14", "-o", "out", "--target", target,
        ];
        let files = ["build", "main.c", "triple.c"];
        dir.run(&[&files[..], &args].concat()).ok();
        let ran = dir
            .run(&["run", "out", "--gas", "1_000_000", "--json"])
            .ok()
            .json();
        assert_eq!(ran["output"], "2a", "{target}");
        // Each of them is needed.
        for missing in [&args[..2], &args[2..4]] {
            let rest: Vec<&str> = args
                .iter()
                .filter(|arg| !missing.contains(*arg))
                .copied()
                .collect();
            assert_eq!(
                dir.run(&[&files[..], &rest].concat()).status,
                2,
                "{target} {missing:?}"
            );
        }
        assert_eq!(
            dir.run(&[&files[..2], &args].concat()).status,
            2,
            "{target}"
        );
    }
    dir.run(&["build", "-DLIMIT=1", "-Iinc", "main.c", "triple.c"])
        .ok();
    assert!(dir.path("main.ihx").exists() && !dir.path("triple.ihx").exists());
}

/// A library for the 8051 is what sdar makes of sdcc's objects, one for wasm what llvm-ar makes of clang's.
#[test]
fn build_links_libraries() {
    let dir = Dir::new();
    write_two_files(&dir);
    std::fs::create_dir(dir.path("lib")).unwrap();
    let tool = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut tool = std::process::Command::new(words[0]);
        tool.args(&words[1..]).current_dir(dir.path("")).output()
    };
    for (target, compiler, archiver) in [
        (
            "8051",
            "sdcc -mmcs51 --model-large -Iinc -c triple.c -o t.rel",
            "sdar -rc lib/triple.lib t.rel",
        ),
        (
            "wasm",
            "clang --target=wasm32 -Iinc -c triple.c -o t.o",
            "llvm-ar rc lib/libtriple.a t.o",
        ),
    ] {
        assert!(tool(compiler).unwrap().status.success());
        if tool(archiver).is_err() {
            eprintln!("SKIPPED: no archiver for {target}: {archiver}");
            continue;
        }
        let args = [
            "build",
            "main.c",
            "-Iinc",
            "-DLIMIT=14",
            "-Llib",
            "--target",
            target,
            "-o",
            "out",
        ];
        assert_eq!(dir.run(&args).status, 2, "{target}: triple is missing");
        dir.run(&[&args[..], &["-ltriple"]].concat()).ok();
        let ran = dir
            .run(&["run", "out", "--gas", "1_000_000", "--json"])
            .ok()
            .json();
        assert_eq!(ran["output"], "2a", "{target}");
        assert_eq!(
            dir.run(&[&args[..], &["-lnone"]].concat()).status,
            2,
            "{target}"
        );
    }
}

/// What is no source is refused before a tool sees it, and no source is written over.
#[test]
fn build_reads_sources_and_leaves_them_alone() {
    let dir = Dir::new();
    write_two_files(&dir);
    dir.write("notes.txt", "");
    std::os::unix::fs::symlink("main.c", dir.path("link.ihx")).unwrap();
    let source = dir.read("main.c");
    for (args, said) in [
        (&["notes.txt"][..], "notes.txt: expected a source in C"),
        (&["main.c", "main.ihx"], "main.ihx: expected a source in C"),
        (&["none.c"], "none.c: No such file"),
        (
            &["main.c", "-o", "main.c"],
            "main.c: an image is not written",
        ),
        (
            &["main.c", "-o", "inc/triple.h"],
            "inc/triple.h: an image is not written",
        ),
        (
            &["main.c", "-o", "link.ihx"],
            "link.ihx: this command reads that file",
        ),
        (
            &[
                "main.c",
                "-DLIMIT=1",
                "-Iinc",
                "triple.c",
                "--debug",
                "-o",
                "a.cdb",
            ],
            "a.cdb: an image",
        ),
    ] {
        let refused = dir.run(&[&["build"], args].concat());
        assert_eq!(refused.status, 2, "{args:?}");
        assert!(
            refused.stderr.contains(said),
            "{args:?}: {}",
            refused.stderr
        );
        assert!(refused.stderr.lines().count() < 4, "{}", refused.stderr);
    }
    assert_eq!(dir.read("main.c"), source);
}

/// What `smart51 sdk` writes makes the image that `smart51 build` makes.
#[test]
fn the_sdk_builds_what_build_builds() {
    let dir = Dir::new();
    let token = firmware_samples::sample("token").unwrap();
    dir.write("token.c", token.source);
    let written = dir.run(&["sdk", "--out", "a/sdk", "--json"]).ok().json();
    assert_eq!(
        written["files"],
        serde_json::json!([
            "smart51.h",
            "smart51.c",
            "mcs51.asm",
            "scenario.schema.json",
            "firmware-test.schema.json"
        ])
    );
    let flags = |tool: &str| written["flags"][tool].as_str().unwrap();
    let (compile, link) = (flags("sdcc_compile"), flags("sdcc_link"));
    let script = format!(
        "sdas8051 {} -o mcs51.rel a/sdk/mcs51.asm &&
         sdcc {compile} -Ia/sdk -c a/sdk/smart51.c -o smart51.rel &&
         sdcc {compile} -Ia/sdk -c token.c -o token.rel &&
         sdcc {link} mcs51.rel smart51.rel token.rel -o token.ihx &&
         clang {} -Ia/sdk token.c a/sdk/smart51.c -o token.wasm",
        flags("sdas8051"),
        flags("clang"),
    );
    let mut shell = std::process::Command::new("sh");
    ran(shell.args(["-c", &script]).current_dir(dir.path(""))).ok();
    let hash = |file| dir.run(&["inspect", file, "--json"]).ok().json()["code_hash"].to_string();
    for (target, file) in [("8051", "token.ihx"), ("wasm", "token.wasm")] {
        dir.run(&["build", "token.c", "--target", target, "-o", "built"])
            .ok();
        assert_eq!(hash("built"), hash(file), "{target}");
    }
    // Again is no change, and nothing is written over.
    dir.run(&["sdk", "--out", "a/sdk"]).ok();
    dir.write("a/sdk/smart51.h", "mine");
    std::fs::remove_file(dir.path("a/sdk/mcs51.asm")).unwrap();
    let refused = dir.run(&["sdk", "--out", "a/sdk"]);
    assert!(
        refused.status == 2 && refused.stderr.contains("smart51.h: is there"),
        "{}",
        refused.all()
    );
    assert_eq!(dir.read("a/sdk/smart51.h"), b"mine");
    assert!(!dir.path("a/sdk/mcs51.asm").exists());
}

/// Recursion that the stack has no room for ends the call as a fault, wherever it is that the stack
/// would wrap: at a call, a push, or the frame of a function.
#[test]
fn recursion_too_deep_is_a_fault_with_its_name() {
    let dir = Dir::new();
    dir.write(
        "stack.c",
        "#include \"smart51.h\"
        static uint16_t f(uint16_t n, uint8_t a, uint8_t b, uint8_t c) __reentrant
        {
            uint8_t loc[8];
            uint8_t i;
            for (i = 0; i < 8; i++)
                loc[i] = n + i;
            return n == 0 ? a + b + c : f(n - 1, a, b, c) + loc[n & 7];
        }
        void contract(void)
        {
            uint16_t n = 3;
            uint16_t r;
            s51_take_input(&n, 2);
            r = f(n, 1, 2, 3);
            s51_print(1, &r, 2);
        }
        ",
    );
    dir.run(&["build", "stack.c"]).ok();
    let test = |depth: u16, expect: &str| {
        let steps = format!(
            "[accounts]\na = 0\n[contracts.s]\nimage = \"stack.ihx\"\n[[step]]\ncall = \"s\"\ninput = \"u16:{depth}\"\n{expect}\n"
        );
        dir.write("stack.scenario.toml", steps);
        dir.run(&["test", "stack.scenario.toml"]).ok();
    };
    test(3, "expect.outcome = \"success\"");
    for depth in 14..30 {
        test(
            depth,
            "expect.outcome = \"fault\"\nexpect.fault = \"stack_overflow\"",
        );
    }
}
