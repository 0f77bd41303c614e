import Testing

@testable import HostSync

@Suite struct RedactorTests {
    @Test func takesSecretsOutOfText() {
        let redactor = Redactor()
        redactor.add("hunter22")
        redactor.add("hunter22-and-more")
        #expect(redactor.redacted("a hunter22-and-more b hunter22") == "a redacted b redacted")
        #expect(!redactor.isClean("xhunter22x"))
        #expect(redactor.isClean("hunter2"))
    }

    @Test func knowsALongSecretByItsLines() {
        let redactor = Redactor()
        redactor.add("-----BEGIN KEY-----\nMIIEvQIBADANBg\nqhkiG9w0BAQ\n-----END KEY-----\n")
        #expect(redactor.redacted("+MIIEvQIBADANBg") == "+redacted")
        #expect(redactor.redacted("-----BEGIN KEY-----") == "-----BEGIN KEY-----")
    }

    @Test func findsTheBeginningOfOneThatWasCut() {
        let redactor = Redactor()
        redactor.add("correct horse battery")
        #expect(redactor.redacted("it was correct horse ba…") == "it was redacted…")
        #expect(redactor.redacted("it was correct horse ba") == "it was correct horse ba")
    }

    @Test func leavesShortValuesAlone() {
        let redactor = Redactor()
        redactor.add("on")
        #expect(redactor.redacted("switched on") == "switched on")
    }
}
