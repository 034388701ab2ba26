"""A customer of whom every word can be found again, wherever it gets to."""

CUSTOMER = {
    "first_name": "Zebedee",
    "last_name": "Quackenbush",
    "address1": "1 Zyzzyva Terrace",
    "address2": "Flat Zyzzyva",
    "city": "Zyzzyvaton",
    "company": "Quackenbush Sons",
    "province": "Maine",
    "province_code": "ME",
    "zip": "04199",
    "country": "United States",
    "country_code": "US",
    "phone": "+1 415 555 2671",
}
