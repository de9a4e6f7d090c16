-- Orders with real types. The shop may send an order again on a later day: the last one counts.
with ranked as (
    select
        *,
        row_number() over (partition by order_id order by loaded_for desc) as recency
    from {{ source('raw', 'orders') }}
)

select
    order_id,
    customer_id,
    upper(country) as country_code,
    ordered_on::date as ordered_on,
    upper(currency) as currency,
    amount::numeric(12, 2) as amount
from ranked
where recency = 1
