import RunModel
import Testing

@testable import RuntimeAdapters

@Suite("JUnit XML")
struct JUnitReportTests {
  private func parse(_ text: String) -> [TestRecord]? { JUnitReport.parse(Array(text.utf8)) }

  @Test("Suites may nest, and every way to end is told apart")
  func statuses() {
    let records = parse(
      """
      <?xml version="1.0"?><!-- made by hand --><!DOCTYPE x>
      <testsuites><testsuite name="outer"><testsuite name="inner">
        <testcase classname="m.A" name="ok" time="1,001.5"/>
        <testcase name='in suite'><skipped message="later"/></testcase>
        <testcase name="e"><error message="a &lt; b &#65;&#x42;"><![CDATA[<trace>]]></error><system-out>out</system-out></testcase>
      </testsuite><testcase name="f"><failure/></testcase></testsuite></testsuites>
      """)
    #expect(
      records == [
        TestRecord(name: "m.A.ok", status: .passed, durationMilliseconds: 1_001_500),
        TestRecord(name: "inner.in suite", status: .skipped, durationMilliseconds: 0, output: "later"),
        TestRecord(name: "inner.e", status: .error, durationMilliseconds: 0, output: "a < b AB\n<trace>\nout"),
        TestRecord(name: "outer.f", status: .failed, durationMilliseconds: 0),
      ])
  }

  @Test(
    "What is no report, or breaks off, is none",
    arguments: [
      "", "text", "<html><body/></html>", "<testsuite><testcase name=\"a\">", "<testsuite", "<testsuite name=",
      "<testsuite name=\"x", "<", "</", "<testsuite><![CDATA[", "<testsuite><testcase name=\"a\"/", "&&&<a>&#xFFFFFFF;",
    ])
  func broken(_ text: String) {
    #expect(parse(text) == nil)
  }
}
