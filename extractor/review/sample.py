"""A made-up order that a newcomer can try the tool with, in either language of the screen."""

from __future__ import annotations

SAMPLE_SCHEMA = "order-or-invoice"
SAMPLES = {
    "en": (
        "sample order.txt",
        """Order

Order number: SO-1042
Order date: 2024-03-05
Supplier: Northgate Paper Works
Customer: Hillside School

Description\tQuantity\tUnit price\tAmount
Copy paper, A4\t20\t4.10\t82.00
Drawing paper, extra heavy\t6\t12.50\t75.00
Pencils, box of 12\t15\t3.20\t48.00

Total: 205.00
""",
    ),
    "zh": (
        "示例订单.txt",
        """订单

订单编号：DD-1042
日期：2024年3月5日
供应商：北门纸业有限公司
客户：山坡小学

品名\t数量\t单价\t金额
复印纸 A4\t20\t4.10\t82.00
加厚绘图纸\t6\t12.50\t75.00
铅笔（12支装）\t15\t3.20\t48.00

合计金额：205.00
""",
    ),
}
"""File name and text by language."""
