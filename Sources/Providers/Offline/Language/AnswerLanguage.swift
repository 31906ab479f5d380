// Whether a question is English or Chinese, so that the answer comes in the same language.

/// The two languages that the offline model knows.
enum AnswerLanguage: Sendable, Hashable {
    case english
    case chinese

    /// The language of one text, nil when it has neither Chinese characters nor English words that tell.
    ///
    /// Names of hosts and metrics are Latin in both languages, so letters do not decide: any Chinese character makes it
    /// Chinese, unless at least three plain English words stand around what may be a Chinese name.
    init?(of utterance: Utterance) {
        let english = utterance.words.count { Lexicon.plainEnglish.contains($0.lower) }
        let chinese = utterance.words.contains { $0.isHan }
        if chinese {
            self = english >= 3 && !Lexicon.chineseGrammar.isSaid(in: utterance) ? .english : .chinese
        } else if english > 0 || utterance.words.contains(where: \.isWordLike) {
            self = .english
        } else {
            return nil
        }
    }
}
