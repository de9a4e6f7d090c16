-- Orders in euro, at the rate of the day on which they were placed.
select
    orders.order_id,
    orders.customer_id,
    orders.country_code,
    countries.country_name,
    orders.ordered_on,
    (orders.amount * rates.euro)::numeric(12, 2) as amount_euro
from {{ ref('stg_orders') }} as orders
inner join {{ ref('countries') }} as countries using (country_code)
left join {{ ref('stg_exchange_rates') }} as rates
    on orders.currency = rates.currency and orders.ordered_on = rates.rate_on
