//! Questions to a person at a terminal. Without one, every question is answered by its default.

use std::io::{self, BufRead, Write};

/// How many answers are shown to choose from.
const MOST_SHOWN: usize = 30;

/// Who is asked: a person, or nobody.
pub(crate) enum Dialogue<R, W> {
    /// Answers are read line by line; questions are written.
    Person(R, W),
    /// Every question is answered by its default.
    Nobody,
}

impl<R: BufRead, W: Write> Dialogue<R, W> {
    /// Whether somebody is there to answer.
    pub(crate) fn is_with_a_person(&self) -> bool {
        matches!(self, Self::Person(..))
    }

    /// Asks for a text. An empty answer is the default, where there is one.
    pub(crate) fn ask(&mut self, question: &str, default: Option<&str>) -> io::Result<Option<String>> {
        let Self::Person(input, output) = self else { return Ok(default.map(str::to_owned)) };
        let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        write!(output, "{question}{shown}: ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            // The end of the input: nobody will answer any more.
            writeln!(output)?;
        }
        let answer = line.trim();
        Ok(if answer.is_empty() { default.map(str::to_owned) } else { Some(answer.to_owned()) })
    }

    /// Lets choose one of several, by its number or its text; without a default the first is suggested. An answer that is none of them is asked for again.
    pub(crate) fn choose(
        &mut self,
        question: &str,
        all: &[Choice],
        default: Option<&str>,
    ) -> io::Result<Option<String>> {
        let default = default.or_else(|| all.first().map(|choice| choice.text.as_str()));
        if all.len() < 2 {
            return Ok(default.map(str::to_owned));
        }
        if let Self::Person(_, output) = self {
            for (number, Choice { text, about }) in all.iter().take(MOST_SHOWN).enumerate() {
                writeln!(output, "  {:>2}  {text}{about}", number + 1)?;
            }
            if all.len() > MOST_SHOWN {
                writeln!(output, "      and {} more, to be named", all.len() - MOST_SHOWN)?;
            }
        }
        loop {
            let Some(answer) = self.ask(question, default)? else { return Ok(None) };
            if all.iter().any(|choice| choice.text == answer) {
                return Ok(Some(answer));
            }
            let numbered = answer.parse::<usize>().ok().and_then(|number| all.get(number.checked_sub(1)?));
            if let Some(choice) = numbered {
                return Ok(Some(choice.text.clone()));
            }
            if let Self::Person(_, output) = self {
                writeln!(output, "{answer:?} is none of them: answer with a number or a name")?;
            }
        }
    }
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) text: String,
    /// What is said of it beside.
    pub(crate) about: String,
}

impl Choice {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Choice { text: text.into(), about: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(
        answers: &str,
        run: impl FnOnce(&mut Dialogue<&[u8], &mut Vec<u8>>) -> Option<String>,
    ) -> (Option<String>, String) {
        let mut output = Vec::new();
        let answer = run(&mut Dialogue::Person(answers.as_bytes(), &mut output));
        (answer, String::from_utf8(output).unwrap())
    }

    fn sizes() -> [Choice; 2] {
        [Choice::plain("m1.tiny"), Choice { text: "m1.small".into(), about: "  2 cores".into() }]
    }

    #[test]
    fn a_choice_is_made_by_number_by_name_or_by_silence() {
        for (answers, chosen) in [("2\n", "m1.small"), ("m1.tiny\n", "m1.tiny"), ("\n", "m1.tiny"), ("", "m1.tiny")] {
            let (answer, shown) = asked(answers, |person| person.choose("Size", &sizes(), None).unwrap());
            assert_eq!(answer.as_deref(), Some(chosen), "{answers:?}");
            assert!(shown.starts_with("   1  m1.tiny\n   2  m1.small  2 cores\nSize [m1.tiny]: "), "{shown}");
        }
    }

    #[test]
    fn an_answer_that_is_none_of_them_is_asked_for_again() {
        let (answer, shown) = asked("0\n3\nhuge\n2\n", |person| person.choose("Size", &sizes(), None).unwrap());
        assert_eq!(answer.as_deref(), Some("m1.small"));
        assert_eq!(shown.matches("is none of them").count(), 3);
    }

    #[test]
    fn where_there_is_nothing_to_choose_nobody_is_asked() {
        let (answer, shown) = asked("7\n", |person| person.choose("Size", &sizes()[..1], None).unwrap());
        assert_eq!((answer.as_deref(), shown.as_str()), (Some("m1.tiny"), ""));
    }

    #[test]
    fn nobody_answers_with_the_defaults() {
        let mut nobody = Dialogue::<&[u8], Vec<u8>>::Nobody;
        assert_eq!(nobody.ask("Who", None).unwrap(), None);
        assert_eq!(nobody.choose("Size", &sizes(), Some("m1.small")).unwrap().as_deref(), Some("m1.small"));
    }
}
