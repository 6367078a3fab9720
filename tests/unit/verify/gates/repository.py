"""The repository that the corpus of the gates works in: some real-looking modules that a change may copy from."""

FILES = {
    "src/shop/orders.py": '''"""Orders."""

import json


def load_orders(path, currency):
    """Read the orders of a file."""
    orders = []
    with open(path, encoding="utf-8") as handle:
        for number, line in enumerate(handle, 1):
            if not line.strip():
                continue
            row = json.loads(line)
            if row.get("currency", currency) != currency:
                raise ValueError(f"line {number}: other currency")
            total = sum(item["price"] * item["count"] for item in row["items"])
            orders.append((row["id"], round(total, 2)))
    orders.sort(key=lambda order: order[1], reverse=True)
    return orders


class Ledger:
    """Sums by customer."""

    def __init__(self, store):
        self.store = store
        self.sums = {}

    def settle(self, customer, payments, limit=100):
        balance = self.store.balance(customer)
        accepted = []
        for payment in payments:
            if payment.amount <= 0:
                continue
            if balance - payment.amount < -limit:
                self.store.reject(payment)
                break
            balance -= payment.amount
            accepted.append(payment.id)
        self.store.save(customer, balance)
        self.sums[customer] = balance
        return accepted
''',
    "src/shop/text.py": '''"""Text."""

import re


def slug(title, taken=()):
    lowered = title.strip().lower()
    plain = re.sub(r"[^a-z0-9]+", "-", lowered).strip("-")
    if not plain:
        plain = "untitled"
    candidate = plain
    number = 2
    while candidate in taken:
        candidate = f"{plain}-{number}"
        number += 1
    return candidate


def wrap(text, width):
    lines = []
    current = ""
    for word in text.split():
        if current and len(current) + 1 + len(word) > width:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}" if current else word
    if current:
        lines.append(current)
    return lines
''',
    "web/src/cart.ts": """export interface Item { id: string; price: number; count: number; tags: string[] }

export function summarize(items: Item[], rate: number): { total: number; lines: string[] } {
  const lines: string[] = [];
  let total = 0;
  for (const item of items) {
    if (item.count <= 0) {
      continue;
    }
    const net = item.price * item.count;
    const gross = Math.round(net * (1 + rate) * 100) / 100;
    total += gross;
    lines.push(`${item.id}: ${gross.toFixed(2)}`);
  }
  lines.sort((a, b) => a.localeCompare(b));
  return { total, lines };
}

export class Poller {
  private timer?: number;

  async poll(url: string, tries: number): Promise<unknown> {
    let wait = 100;
    for (let n = 0; n < tries; n++) {
      const response = await fetch(url);
      if (response.ok) {
        const body = await response.json();
        this.timer = undefined;
        return body;
      }
      await new Promise((resolve) => setTimeout(resolve, wait));
      wait = Math.min(wait * 2, 5000);
    }
    throw new Error(`gave up on ${url}`);
  }
}
""",
    "tests/test_text.py": """from shop.text import slug, wrap


def test_slug():
    assert slug("A b") == "a-b"


def test_wrap():
    assert wrap("a b c", 3) == ["a b", "c"]
""",
}
