"""A table below a step is handed to it."""

from goldenpath.bdd import then, when


@when("the following table is transposed:", target_fixture="transposed")
def _(datatable):
    return [list(column) for column in zip(*datatable, strict=True)]


@then("it should be:")
def _(transposed, datatable):
    assert transposed == datatable
