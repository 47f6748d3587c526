def test_the_page_opens_in_a_browser_and_knows_its_study(visit, report_file):
    page = visit(report_file)
    assert page.title() == "A <small> study · isomorph"
    assert page.locator("main h1").inner_text() == "A <small> study"
