//! Which signatures are good (method 7).

use crate::common::*;
use abi::method;

// The well-known deterministic signature of "Satoshi Nakamoto" by the secret key 1.
const KEY: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const R: &str = "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8";
const S: &str = "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5";
/// The order of the curve less S.
const HIGH_S: &str = "dbbd3162d46e9f9bef7feb87c16dc13b4f6568a87f4e83f728e2443ba586675c";

fn good(der: &str, key: &str) -> bool {
    let hash = hostapi::hash::sha256(b"Satoshi Nakamoto");
    let (der, key) = (hex::decode(der).unwrap(), hex::decode(key).unwrap());
    with_host(OLD, |host| {
        let outcome = call(host, method::VERIFY, &[&der, &key, &hash]);
        outcome.reply == [[1]]
    })
}

#[test]
fn strict_signature_is_good() {
    assert!(good(&format!("3045022100{R}0220{S}"), KEY));
}

#[test]
fn high_s_is_good_too() {
    assert!(good(&format!("3046022100{R}022100{HIGH_S}"), KEY));
}

#[test]
fn bytes_after_the_object_are_ignored() {
    assert!(good(&format!("3045022100{R}0220{S}01ff"), KEY));
}

#[test]
fn loose_forms_are_put_right_before_they_are_checked() {
    assert!(
        good(&format!("30440220{R}0220{S}"), KEY),
        "no zero before a number with its top bit set"
    );
    assert!(
        good(&format!("3047022100{R}02220000{S}"), KEY),
        "zeros in front of a number"
    );
    assert!(
        good(&format!("308145022100{R}0220{S}"), KEY),
        "a length in more bytes than it needs"
    );
    assert!(
        good(&format!("308200470282002100{R}0220{S}"), KEY),
        "the same of a number"
    );
}

#[test]
fn broken_objects_are_refused() {
    for der in [
        String::from("30"),
        String::from("3000"),
        format!("3145022100{R}0220{S}"),
        format!("3045032100{R}0220{S}"),
        format!("3046022100{R}0220{S}00"),
        format!("3044022100{R}0220{S}"),
        format!("3045022100{R}0221{S}"),
        format!("3045022100{R}0220{S}").replace("0220", "02ff"),
        format!("30250201000220{S}"),
        format!("3026022100{R}020100"),
        format!("3045022100{}0220{S}", "f".repeat(64)),
        format!("304602220001{R}0220{S}"),
        String::from("30890101010101010101010102"),
        String::from("308002010102010100"),
    ] {
        assert!(!good(&der, KEY), "{der}");
    }
}

#[test]
fn another_key_or_form_of_key_is_refused() {
    let der = format!("3045022100{R}0220{S}");
    assert!(!good(&der, &KEY.replacen("02", "03", 1)));
    for prefix in ["00", "04", "06", "ff"] {
        assert!(!good(&der, &KEY.replacen("02", prefix, 1)), "{prefix}");
    }
    assert!(!good(&der, &format!("02{}", "f".repeat(64))));
}
