//! The quick run works from end to end. It never judges a time: that is for people to read.

use std::process::Command;

use serde_json::Value;

#[test]
fn quick_run_measures_every_scenario_on_both_stores() {
    let output = Command::new(env!("CARGO_BIN_EXE_parhelion-bench"))
        .args(["--quick", "--requests", "500", "--json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let results: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(results["answered"].as_u64().unwrap() > 10_000, "{results}");
    assert!(is_measured(&results["null"]["cpu_us"]["median"]));
    assert_eq!(results["goals"].as_array().unwrap().len(), 6);
    let stores = results["stores"].as_array().unwrap();
    assert_eq!(stores.iter().map(|store| &store["store"]).collect::<Vec<_>>(), ["memory", "embedded"]);
    for store in stores {
        let scenarios = store["scenarios"].as_object().unwrap();
        assert_eq!(scenarios.len(), 7);
        for (name, load) in scenarios {
            for figure in [&load["cpu_us"]["median"], &load["times_null"], &load["latency_us"]["p999"]] {
                assert!(is_measured(figure), "{name}: {load}");
            }
        }
        let journey = store["journey_cpu_us"].as_object().unwrap();
        assert!(journey.len() == 4 && journey.values().all(is_measured), "{journey:?}");
    }
}

#[test]
fn help_is_for_people_and_a_wrong_word_is_refused() {
    let run = |argument| Command::new(env!("CARGO_BIN_EXE_parhelion-bench")).arg(argument).output().unwrap();
    let help = String::from_utf8(run("--help").stdout).unwrap();
    for word in ["--quick", "--json", "--rate", "CPU microseconds", "docs/performance.md"] {
        assert!(help.contains(word), "{word} is not in the help:\n{help}");
    }
    assert!(!run("--quickly").status.success());
}

fn is_measured(figure: &Value) -> bool {
    figure.as_f64().is_some_and(|figure| figure > 0.0)
}
