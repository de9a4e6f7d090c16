-- What one unit of a currency is worth in euro, a day.
select
    loaded_for as rate_on,
    upper(currency) as currency,
    euro::numeric(14, 6) as euro
from {{ source('raw', 'exchange_rates') }}
