"""What common columns are called when a domain file does not say, so that files stay short."""

from envs.general.texts import Noun, parse_noun

_COMMON = """
name: name | 名称
title: title | 标题
status: status | 状态
state: state | 状态
price: price | 价格
cost: cost | 费用
fee: fee | 费用
amount: amount | 金额
balance: balance | 余额
total: total | 总额
budget: budget | 预算
salary: salary | 薪资
rate: rate | 费率
discount: discount | 折扣
date: date | 日期
day: day/days | 日期
time: time | 时间
start: start | 开始时间
starts: start time | 开始时间
ends: end time | 结束时间
start_date: start date | 开始日期
end_date: end date | 结束日期
due: due date | 到期日
due_date: due date | 到期日
created: creation date | 创建日期
created_at: creation time | 创建时间
updated: last update | 更新日期
opened: opening date | 开立日期
joined: joining date | 加入日期
birthday: date of birth | 出生日期
deadline: deadline | 截止日期
duration: duration | 时长
quantity: quantity | 数量
stock: stock | 库存
capacity: capacity | 容量
seats: number of seats | 座位数
size: size | 尺寸
weight: weight | 重量
height: height | 高度
length: length | 长度
area: area | 面积
distance: distance | 距离
rating: rating | 评分
score: score | 得分
points: points | 积分
level: level | 级别
grade: grade | 等级
priority: priority | 优先级
tier: tier | 等级
type: type | 类型
kind: kind | 种类
category: category | 类别
genre: genre | 类型
colour: colour | 颜色
color: color | 颜色
brand: brand | 品牌
model: model | 型号
code: code | 代码
city: city | 城市
country: country | 国家
district: district | 区域
address: address/addresses | 地址
street: street | 街道
phone: phone number | 电话
email: email address/email addresses | 邮箱
language: language | 语言
age: age | 年龄
year: year | 年份
month: month | 月份
floor: floor | 楼层
room_number: room number | 房间号
notes: notes/notes | 备注
note: note | 备注
comment: comment | 备注
reason: reason | 原因
description: description | 描述
method: method | 方式
active: active flag | 是否有效
department: department | 部门
role: role | 角色
position: position | 职位
speed: speed | 速度
power: power | 功率
temperature: temperature | 温度
calories: calories/calories | 热量
"""

COMMON: dict[str, Noun] = {
    name: parse_noun(text)
    for name, _, text in (line.partition(": ") for line in _COMMON.strip().splitlines())
}
