//! Questions to a person at a terminal. Without a person, the default is the answer.

use std::io::{self, BufRead, Write};

/// At most this many choices are listed.
const MOST_SHOWN: usize = 30;

/// The person who is asked, if there is one.
pub(super) struct Dialogue<'a> {
    /// Where answers are read, line by line, and where questions are written.
    person: Option<(Box<dyn BufRead + 'a>, Box<dyn Write + 'a>)>,
}

impl<'a> Dialogue<'a> {
    pub(super) fn with_person(answers: impl BufRead + 'a, questions: impl Write + 'a) -> Self {
        Dialogue { person: Some((Box::new(answers), Box::new(questions))) }
    }

    pub(super) fn without_person() -> Self {
        Dialogue { person: None }
    }

    pub(super) fn has_person(&self) -> bool {
        self.person.is_some()
    }

    /// The value of an option, else the answer to a question; an empty answer is the default.
    pub(super) fn value(
        &mut self,
        option: &Option<String>,
        question: &str,
        default: Option<&str>,
    ) -> io::Result<Option<String>> {
        match option {
            Some(value) => Ok(Some(value.clone())),
            None => self.ask(question, default),
        }
    }

    /// The value of an option, else one of the choices: by its number or its text. Without a default, the first is
    /// suggested. Any other answer is refused, and the question asked again.
    pub(super) fn choice(
        &mut self,
        option: &Option<String>,
        question: &str,
        choices: &[Choice],
        default: Option<&str>,
    ) -> io::Result<Option<String>> {
        let default = default.or_else(|| choices.first().map(|choice| choice.text.as_str()));
        if option.is_some() {
            return Ok(option.clone());
        }
        if choices.len() < 2 {
            return Ok(default.map(str::to_owned));
        }
        if let Some((_, output)) = &mut self.person {
            for (number, Choice { text, about }) in choices.iter().take(MOST_SHOWN).enumerate() {
                writeln!(output, "  {:>2}  {text}{about}", number + 1)?;
            }
            if choices.len() > MOST_SHOWN {
                writeln!(output, "      and {} more; answer with a name", choices.len() - MOST_SHOWN)?;
            }
        }
        loop {
            let Some(answer) = self.ask(question, default)? else { return Ok(None) };
            if choices.iter().any(|choice| choice.text == answer) {
                return Ok(Some(answer));
            }
            let numbered = answer.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
            if let Some(choice) = numbered {
                return Ok(Some(choice.text.clone()));
            }
            if let Some((_, output)) = &mut self.person {
                writeln!(output, "{answer:?} is none of them: answer with a number or a name")?;
            }
        }
    }

    fn ask(&mut self, question: &str, default: Option<&str>) -> io::Result<Option<String>> {
        let default = default.map(str::to_owned);
        let Some((input, output)) = &mut self.person else { return Ok(default) };
        let shown = default.as_ref().map_or_else(String::new, |default| format!(" [{default}]"));
        write!(output, "{question}{shown}: ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            // The end of the input: nobody answers any more.
            writeln!(output)?;
        }
        let answer = line.trim();
        Ok(if answer.is_empty() { default } else { Some(answer.to_owned()) })
    }
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) text: String,
    /// What to show beside it.
    pub(super) about: String,
}

impl Choice {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Choice { text: text.into(), about: String::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(answers: &str, choices: &[Choice]) -> (Option<String>, String) {
        let mut output = Vec::new();
        let answer =
            Dialogue::with_person(answers.as_bytes(), &mut output).choice(&None, "Size", choices, None).unwrap();
        (answer, String::from_utf8(output).unwrap())
    }

    fn sizes() -> [Choice; 2] {
        [Choice::plain("m1.tiny"), Choice { text: "m1.small".into(), about: "  2 cores".into() }]
    }

    #[test]
    fn a_choice_is_made_by_number_by_name_or_by_silence() {
        for (answers, chosen) in [("2\n", "m1.small"), ("m1.tiny\n", "m1.tiny"), ("\n", "m1.tiny"), ("", "m1.tiny")] {
            let (answer, shown) = asked(answers, &sizes());
            assert_eq!(answer.as_deref(), Some(chosen), "{answers:?}");
            assert!(shown.starts_with("   1  m1.tiny\n   2  m1.small  2 cores\nSize [m1.tiny]: "), "{shown}");
        }
    }

    #[test]
    fn an_answer_that_is_none_of_them_is_asked_for_again() {
        let (answer, shown) = asked("0\n3\nhuge\n2\n", &sizes());
        assert_eq!(answer.as_deref(), Some("m1.small"));
        assert_eq!(shown.matches("is none of them").count(), 3);
    }

    #[test]
    fn where_there_is_nothing_to_choose_nobody_is_asked() {
        let (answer, shown) = asked("7\n", &sizes()[..1]);
        assert_eq!((answer.as_deref(), shown.as_str()), (Some("m1.tiny"), ""));
    }

    #[test]
    fn without_a_person_the_default_is_the_answer() {
        let mut nobody = Dialogue::without_person();
        assert_eq!(nobody.value(&None, "Who", None).unwrap(), None);
        assert_eq!(nobody.choice(&None, "Size", &sizes(), Some("m1.small")).unwrap().as_deref(), Some("m1.small"));
    }

    #[test]
    fn what_an_option_gives_is_not_asked_for() {
        let given = Some("huge".to_owned());
        let mut output = Vec::new();
        let mut person = Dialogue::with_person("2\n".as_bytes(), &mut output);
        assert_eq!(person.value(&given, "Size", None).unwrap(), given);
        assert_eq!(person.choice(&given, "Size", &sizes(), None).unwrap(), given);
        drop(person);
        assert!(output.is_empty());
    }
}
