package typealias Rule = RuleSet.Rule
